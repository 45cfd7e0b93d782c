// A log format without the operators that no Wasm filter can know. The filter itself says which
// they are, and why.
import { at, isFields } from "../core/value.ts";
import type { LogFormat } from "../native/log/line.ts";
import type { Refusal } from "../validate/module-check.ts";
import { refusalOf } from "../validate/module-check.ts";

export interface LostOperator {
  operator: string;
  why: string;
}

/** A format has a few dozen operators; more refusals than this would be a fault of ours. */
const refusalsMax = 200;
/** `%NAME(arguments):12%`; arguments of times have percent signs of their own. */
const operatorPattern = /%[A-Z0-9_]+(\([^)]*\))?(:\d+)?%/y;

/**
 * A copy of the access-log format in which `-` stands for every operator that the filter refuses.
 */
export function withoutImpossible(format: LogFormat): { format: LogFormat; lost: LostOperator[] } {
  const settings = { format: structuredClone(format) };
  const lost: LostOperator[] = [];
  for (let count = 0; count < refusalsMax; count++) {
    const refusal = refusalOf("access-log", settings, {});
    const operator = refusal && takeOut(settings, refusal);
    if (!operator) break;
    lost.push({
      operator,
      why: refusal.what.replace(/^`[^`]*`:? */, "").replace(/ \(at byte \d+\)$/, ""),
    });
  }
  return { format: settings.format, lost };
}

/** Replaces the operator that a refusal points at, and gives it; undefined if it points at none. */
function takeOut(settings: object, { path, what }: Refusal): string | undefined {
  const offset = Number(/\(at byte (\d+)\)$/.exec(what)?.[1]);
  const holder = at(settings, ...path.slice(0, -1));
  const key = path.at(-1)!;
  const text = at(holder, key);
  if (!isFields(holder) || typeof text !== "string" || Number.isNaN(offset)) return undefined;
  // The filter counts bytes.
  operatorPattern.lastIndex = Buffer.from(text).subarray(0, offset).toString().length;
  const match = operatorPattern.exec(text);
  if (!match) return undefined;
  holder[key] = `${text.slice(0, match.index)}-${text.slice(match.index + match[0].length)}`;
  return match[0];
}
