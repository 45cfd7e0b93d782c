// The table of cases, green or red as one types.
import type { CaseResult, CasesRun } from "../engine/protocol.ts";
import { byId, el } from "./dom.ts";

export interface CaseActions {
  /** Shows the case in the editor. */
  goTo(line: number): void;
  /** Puts the case's request into the form and sends it. */
  open(result: CaseResult): void;
}

export function showCases(run: CasesRun, actions: CaseActions): void {
  const { passed, failed, results } = run;
  const rows = results.map((result) => row(result, actions));
  byId("cases-summary").textContent =
    results.length === 0 ? "no cases yet" : `${passed} passed, ${failed} failed`;
  byId("cases-summary").className = failed > 0 ? "bad" : "good";
  byId("tab-cases").dataset.state = failed > 0 ? "bad" : results.length > 0 ? "good" : "";
  byId("tab-cases").textContent =
    failed > 0 ? `Cases (${failed} failed)` : `Cases (${passed} passed)`;
  byId("cases-table").replaceChildren(
    el(
      "table",
      {},
      el("caption", { class: "hidden" }, "Cases of cases.yaml"),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("th", { scope: "col" }, "result"),
          el("th", { scope: "col" }, "case"),
          el("th", { scope: "col" }, "status"),
        ),
      ),
      el("tbody", {}, ...rows),
    ),
  );
}

export function showCasesRefusal(message: string): void {
  byId("cases-summary").textContent = message;
  byId("cases-summary").className = "bad";
  byId("tab-cases").dataset.state = "bad";
  byId("tab-cases").textContent = "Cases (!)";
  byId("cases-table").replaceChildren();
}

function row(result: CaseResult, actions: CaseActions): HTMLElement {
  const { name, ok, differences, status, detail, line } = result;
  return el(
    "tr",
    { class: ok ? "good" : "bad" },
    el("td", {}, ok ? "✓ passed" : "✕ failed"),
    el(
      "td",
      {},
      el("button", { type: "button", class: "link", click: () => actions.open(result) }, name),
      ...differences.map((difference) => el("div", { class: "difference" }, difference)),
      !ok && line !== undefined
        ? el(
            "button",
            { type: "button", class: "link small", click: () => actions.goTo(line) },
            `cases.yaml line ${line}`,
          )
        : "",
    ),
    el("td", {}, `${status}${detail ? ` ${detail}` : ""}`),
  );
}
