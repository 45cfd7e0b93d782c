// Findings and errors of the tool as remarks at places in the page's texts.
import { ToolError, textOf } from "../../core/problem.ts";
import type { Finding } from "../../core/problem.ts";
import type { Remark } from "./protocol.ts";

export function remarkOf(finding: Finding): Remark {
  const { file, line, column } = finding.place;
  // The place is shown by the editor: the text goes without it.
  const text = textOf(finding).slice(`${file}:${line}: `.length);
  return { severity: finding.severity, file, line, column, text };
}

/** An error that knows its place. */
export function remarksOf(error: unknown): Remark[] {
  if (!(error instanceof ToolError) || !error.place) return [];
  const { file, line, column } = error.place;
  return [{ severity: "error", file, line, column, text: error.message }];
}
