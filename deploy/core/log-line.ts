// How Envoy's own access logger prints the line that access-log left in the filter state (the sink
// `envoyLog`).

/** Where the filter leaves its line. */
export const lineState = "wasm.gatehouse_access_log";

/** The format of a logger that prints the line and nothing else; without its line end. */
export const lineFormat = `%FILTER_STATE(${lineState}:PLAIN)%`;

/**
 * The condition (CEL) of such a logger. Without it Envoy prints `-` for each request that has no
 * line: sampled out, left out by `when`, over the cap, or without the filter in its proxy.
 */
export const lineFilter = `'${lineState}' in filter_state`;

/** Whether a logger's format prints the line. */
export function printsLine(format: unknown): boolean {
  return JSON.stringify(format ?? "").includes(`FILTER_STATE(${lineState}:`);
}

/** Whether a logger's condition asks for the line. */
export function asksForLine(expression: unknown): boolean {
  return typeof expression === "string" && expression.includes(lineState);
}
