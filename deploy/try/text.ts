// An explained request as people read it: what each filter said, where it went, what was written
// down.
import type { Request } from "../emulator/exchange.ts";
import type { Explained, Decision } from "./explain.ts";

/** Repetitions that ended alike are shown once, by their first. */
export function runsText(runs: Explained[], request: Request): string {
  const endOf = ({ observed, filters, route }: Explained) =>
    JSON.stringify([observed.status, route, filters.map(({ decision }) => decision)]);
  const starts = runs.flatMap((run, at) =>
    at === 0 || endOf(run) !== endOf(runs[at - 1]!) ? [at] : [],
  );
  return starts
    .map((from, index) => {
      const to = starts[index + 1] ?? runs.length;
      const head =
        runs.length === 1
          ? ""
          : to - from === 1
            ? `request ${to}: `
            : `requests ${from + 1} to ${to}: `;
      return head + runText(runs[from]!, request);
    })
    .join("\n");
}

export function runText({ observed, filters, route }: Explained, request: Request): string {
  const head = `${request.method ?? "GET"} ${request.authority ?? ""}${request.path ?? "/"} → ${observed.status}${observed.details ? ` (${observed.details})` : ""}`;
  const width = Math.max(...filters.map(({ filter }) => filter.length));
  const handed = (["variant", "limit", "reason"] as const)
    .filter((key) => observed[key] !== undefined)
    .map((key) => `${key} ${observed[key]}`);
  const tail = [
    observed.upstreamHeaders
      ? `  route: ${route ?? "no VirtualService here has this host"}`
      : "  route: it reached no service",
    ...(handed.length > 0 ? [`  handed on: ${handed.join(", ")}`] : []),
    ...(observed.log !== undefined ? [`  log: ${observed.log}`] : []),
  ];
  return [head, ...filters.flatMap((decision) => decisionText(decision, width)), ...tail].join(
    "\n",
  );
}

function decisionText(decision: Decision, width: number): string[] {
  const counted = Object.entries(decision.counted)
    .map(([name, by]) => `${name} +${by}`)
    .join(", ");
  const lines = [
    `  ${decision.filter.padEnd(width)}  ${decision.decision}${counted ? `  [${counted}]` : ""}`,
  ];
  const pad = " ".repeat(width + 4);
  for (const { header, value } of decision.requestHeaders)
    lines.push(
      `${pad}${value === undefined ? `request header ${header} taken away` : `request header ${header}: ${value}`}`,
    );
  for (const { header, value } of decision.responseHeaders)
    lines.push(
      `${pad}${value === undefined ? `response header ${header} taken away` : `response header ${header}: ${value}`}`,
    );
  return lines;
}

export function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `       ${line}`)
    .join("\n");
}
