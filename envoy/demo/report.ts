// What `npm start` prints: readable at 80 columns, good at 120.
import { styleText } from "node:util";
import type { Group, Row } from "./round.ts";

const titles: Record<Group, string> = {
  "jwt-auth": "jwt-auth: who may pass",
  "rate-limit": "rate-limit: how much may pass",
  canary: "canary: where it goes",
  "access-log": "access-log: what is written",
};

const NAME_WIDTH = 29;
const RESULT_WIDTH = 27;

export interface ReportOptions {
  /** Columns of the terminal. */
  width: number;
  isColoured: boolean;
  /** What was expected and what came, below each row. */
  isVerbose: boolean;
}

/** The rows by filter, one line each. */
export function report(rows: Row[], options: ReportOptions): string {
  const groups = Object.keys(titles) as Group[];
  const blocks = groups.flatMap((group) => {
    const own = rows.filter((row) => row.group === group);
    const head = painted(titles[group], "bold", options);
    return own.length === 0 ? [] : [[head, ...own.map((row) => rowText(row, options))].join("\n")];
  });
  const wrong = rows.filter(({ right }) => !right).length;
  const sum =
    wrong === 0
      ? painted(`All ${rows.length} checks are as expected.`, "green", options)
      : painted(`${wrong} of ${rows.length} checks failed.`, "red", options);
  return [...blocks, sum].join("\n\n");
}

function rowText(row: Row, options: ReportOptions): string {
  const mark = row.right ? painted("✓", "green", options) : painted("✗", "red", options);
  const line = `  ${mark} ${row.request.padEnd(NAME_WIDTH)} → ${row.result.padEnd(RESULT_WIDTH)}`;
  const room = options.width - NAME_WIDTH - RESULT_WIDTH - 9;
  const why = row.why.length <= room ? painted(row.why, "dim", options) : "";
  const details =
    options.isVerbose || !row.right
      ? `\n      expected ${row.expected}\n      got      ${row.got}\n      because  ${row.why}`
      : "";
  return `${`${line}  ${why}`.trimEnd()}${details}`;
}

/** A JSON line, broken where a terminal would break it anywhere. */
export function wrappedJson(line: string, width: number): string {
  const lines: string[] = [];
  let current = "  ";
  for (const part of line.split(/(?<=,)(?=")/)) {
    if (current.length + part.length > width && current.trim() !== "") {
      lines.push(current);
      current = "   ";
    }
    current += part;
  }
  return [...lines, current].join("\n");
}

export function painted(
  text: string,
  style: "bold" | "green" | "red" | "dim" | "cyan",
  { isColoured }: Pick<ReportOptions, "isColoured">,
): string {
  return isColoured ? styleText(style, text, { validateStream: false }) : text;
}
