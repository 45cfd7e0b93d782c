// What the chain did to one request: status, each filter's decision, and what came of it.
import type { Change } from "../../try/explain.ts";
import type { Sent, Step } from "../engine/protocol.ts";
import { catalog, isFilter } from "../../core/catalog.ts";
import { byId, el } from "./dom.ts";

const marks: Record<Step["outcome"], [string, string]> = {
  passed: ["✓", "passed"],
  refused: ["✕", "refused"],
  held: ["…", "waits"],
  skipped: ["–", "not reached"],
};

export function showAnswer(sent: Sent, title: string): void {
  const { observed, steps, route, quota, count } = sent;
  const tone = observed.status < 400 ? "good" : observed.status < 500 ? "warn" : "bad";
  byId("answer").replaceChildren(
    el(
      "p",
      { class: `status ${tone}` },
      el("span", { class: "code" }, String(observed.status)),
      el("span", { class: "what" }, title),
      el("span", { class: "note" }, `request ${count} of this session`),
    ),
    el("ol", { class: "chain" }, ...steps.map(stepView)),
    facts([
      [
        "goes to",
        observed.upstreamHeaders ? (route ?? "the service (no VirtualService here)") : "no service",
      ],
      ["variant", observed.variant],
      ["refused by", observed.limit],
      ["reason", observed.reason],
      ["details", observed.details],
    ]),
    quota ? quotaView(quota) : "",
    observed.log === undefined
      ? ""
      : el(
          "div",
          {},
          el("h3", {}, "Access log line"),
          el("pre", { tabindex: 0 }, pretty(observed.log)),
        ),
    headerDetails("Response to the client", observed.headers),
    observed.upstreamHeaders
      ? headerDetails("Request as the service gets it", observed.upstreamHeaders)
      : "",
    metricDetails(sent.metrics),
  );
}

export function showRefusal(message: string): void {
  byId("answer").replaceChildren(el("p", { class: "refusal", role: "alert" }, message));
}

function stepView(step: Step): HTMLElement {
  const [mark, word] = marks[step.outcome];
  const said = step.outcome === "refused" ? step.decision : word;
  return el(
    "li",
    { class: step.outcome },
    el("span", { class: "mark", "aria-hidden": "true" }, mark),
    el(
      "div",
      {},
      el("b", {}, step.filter),
      el("span", { class: "role" }, isFilter(step.filter) ? ` ${catalog[step.filter].role}` : ""),
      el("span", { class: "decision" }, said),
      ...step.requestHeaders.map((change) => changeView("request", change)),
      ...step.responseHeaders.map((change) => changeView("response", change)),
    ),
  );
}

function changeView(which: string, { header, value }: Change): HTMLElement {
  const sign = value === undefined ? "−" : "+";
  const text = value === undefined ? `${header} removed` : `${header}: ${shortened(value)}`;
  return el(
    "code",
    { class: value === undefined ? "removed" : "added", title: value ?? "" },
    `${sign} ${which} header ${text}`,
  );
}

function shortened(text: string): string {
  return text.length > 90 ? `${text.slice(0, 60)}… (${text.length} bytes)` : text;
}

function facts(pairs: [string, string | undefined][]): HTMLElement {
  const shown = pairs.filter(([, value]) => value !== undefined && value !== "");
  return el(
    "dl",
    {},
    ...shown.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
  );
}

function quotaView({ limit, remaining, size, reset }: NonNullable<Sent["quota"]>): HTMLElement {
  const of = size === undefined ? "" : ` of ${size}`;
  const full = reset ? `, full again in ${reset} s` : "";
  return el(
    "div",
    { class: "quota" },
    el("span", {}, `${remaining}${of} requests left in limit “${limit}”${full}`),
    size === undefined
      ? ""
      : el("meter", {
          min: 0,
          max: size,
          value: remaining,
          low: size * 0.2,
          "aria-label": `Quota of ${limit}`,
        }),
  );
}

function headerDetails(title: string, pairs: [string, string][]): HTMLElement {
  const rows = pairs.map(([name, value]) => `${name}: ${value}`).join("\n");
  return el("details", {}, el("summary", {}, title), el("pre", { tabindex: 0 }, rows));
}

function metricDetails(metrics: Record<string, number>): HTMLElement {
  const entries = Object.entries(metrics);
  const rows = entries.map(([name, value]) =>
    el("tr", {}, el("td", {}, name), el("td", { class: "number" }, String(value))),
  );
  return el(
    "details",
    {},
    el("summary", {}, `Metrics (${entries.length})`),
    el("table", {}, el("tbody", {}, ...rows)),
  );
}

function pretty(line: string): string {
  try {
    return JSON.stringify(JSON.parse(line), null, 2);
  } catch {
    return line;
  }
}
