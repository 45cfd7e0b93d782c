// The file of `--cases`: a list of cases, or a map with what they share. Mistakes are told at
// their line.
import { EmulatorError } from "../emulator/abi.ts";
import { readCases } from "../emulator/cases.ts";
import type { Case } from "../emulator/cases.ts";
import { ToolError, textOf } from "../core/problem.ts";
import { pathOf, read } from "../core/source.ts";
import type { Manifest, Path } from "../core/source.ts";
import { fieldsOf, listOf } from "../core/value.ts";
import type { Fields } from "../core/value.ts";
import type { Scripted } from "./chain.ts";

export interface CaseFile {
  cases: Case[];
  /** What clusters answer to the filters' calls. */
  calls: Scripted[];
  /** Key sets by host: short for `calls`. */
  start?: string;
  manifest: Manifest;
  /** Path of the list of cases in the document. */
  at: Path;
}

const known = ["cases", "calls", "jwks", "start"];

export function readCaseFile(path: string): CaseFile {
  const { manifests, findings } = read([path]);
  if (findings.length > 0) throw new ToolError("input", textOf(findings[0]!));
  const manifest = manifests[0]!;
  const value: unknown = manifest.value;
  const isList = Array.isArray(value);
  const at: Path = isList ? [] : ["cases"];
  const unknown = isList
    ? undefined
    : Object.keys(manifest.fields).find((key) => !known.includes(key));
  if (unknown)
    throw new ToolError("invalid", `unknown key ${unknown}; write one of ${known.join(", ")}`, {
      place: manifest.place([unknown]),
    });
  const start = manifest.at("start");
  try {
    const cases = readCases(isList ? value : manifest.at("cases"));
    return {
      cases,
      calls: callsOf(manifest.fields),
      start: start === undefined ? undefined : String(start),
      manifest,
      at,
    };
  } catch (error) {
    if (!(error instanceof EmulatorError)) throw error;
    const [, pointer = "/", why = error.message] = /^(\/\S*): (.*)$/s.exec(error.message) ?? [];
    const place = manifest.place([...at, ...pathOf(pointer === "/" ? "" : pointer)]);
    throw new ToolError("invalid", `${pointer}: ${why}`, { cause: error, place });
  }
}

/** What the file scripts; a mistake in it shows as a call that is not answered. */
function callsOf({ jwks, calls }: Fields): Scripted[] {
  const sets = Object.entries(fieldsOf(jwks));
  return [
    ...sets.map(([cluster, body]): Scripted => ({ cluster, answer: { status: 200, body } })),
    ...(listOf(calls) as Scripted[]),
  ];
}
