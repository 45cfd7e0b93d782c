// What goes wrong, as values: one error type for what stops a verb, one finding type for what a
// verb reports.

/** A place in a file the user wrote; lines and columns count from one. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

/** Why a verb stopped. Each code has one exit code. */
export type Code =
  | "usage" // the command line is wrong
  | "input" // a file cannot be read or is not YAML
  | "invalid" // what the file says cannot work
  | "missing" // something that must be built or installed first is not there
  | "registry" // the image registry refused, stalled or answered nonsense
  | "cluster" // the API server refused or cannot be reached
  | "conflict" // another field manager owns a field that would change
  | "partial" // some of the resources were applied, and some were not
  | "timeout" // no answer in time
  | "internal"; // a fault of this program

/** The exit code of each error; 0 is success, 1 a failed check (findings, differences, cases). */
export const exitCodes: Record<Code, number> = {
  usage: 2,
  input: 2,
  invalid: 1,
  missing: 3,
  registry: 4,
  cluster: 5,
  conflict: 6,
  partial: 7,
  timeout: 8,
  internal: 70,
};

/** The one error that use cases throw: a code to act on, a text to read, and what caused it. */
export class ToolError extends Error {
  readonly code: Code;
  readonly place?: Place;

  constructor(code: Code, message: string, options: { cause?: unknown; place?: Place } = {}) {
    super(message, { cause: options.cause });
    this.name = "ToolError";
    this.code = code;
    this.place = options.place;
  }
}

export type Severity = "error" | "warning" | "note";

/**
 * One thing a verb has to say about a place in a file: what is there, why that is wrong, what
 * would be right.
 */
export interface Finding {
  severity: Severity;
  /** A stable name for the rule, for scripts. */
  rule: string;
  place: Place;
  what: string;
  why?: string;
  right?: string;
}

/** `file:line: what is wrong; why; the fix`. */
export function textOf(finding: Finding): string {
  const parts = [finding.what, finding.why, finding.right].filter(Boolean);
  return `${finding.place.file}:${finding.place.line}: ${parts.join("; ")}`;
}

/** True if any of them stops a deployment. */
export function hasErrors(findings: Finding[]): boolean {
  return findings.some((finding) => finding.severity === "error");
}

/** The text of anything that was thrown. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // fetch hides the reason ("connect ECONNREFUSED …") one level down.
  const inner = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return `${error.message}${inner}`;
}
