// Words and numbers that kubectl reads otherwise than this tool: it reads YAML 1.1, where `yes` is
// true and 010 is 8.
import type { Finding } from "../../core/problem.ts";
import { pathText } from "../../core/source.ts";
import type { Manifest, Path } from "../../core/source.ts";
import { fieldSchema } from "../../core/structural.ts";
import type { CrdSchema } from "../../core/structural.ts";
import { at } from "../../core/value.ts";

/** What kubectl makes of a text without quotes, where that is something else. */
function meaningOf(text: string): boolean | number | undefined {
  if (/^(y|Y|yes|Yes|YES|on|On|ON)$/.test(text)) return true;
  if (/^(n|N|no|No|NO|off|Off|OFF)$/.test(text)) return false;
  const digits = text.replaceAll("_", "");
  const [, sign, octal, binary] = /^([-+]?)(?:0([0-7]+)|0b([01]+))$/.exec(digits) ?? [];
  if (octal ?? binary)
    return Number.parseInt(octal ?? binary!, octal ? 8 : 2) * (sign === "-" ? -1 : 1);
  return text.includes("_") && /^[-+]?[1-9]\d*$/.test(digits) ? Number(digits) : undefined;
}

/**
 * The resource as kubectl reads it where the CRD wants true, false or a number, and a warning for
 * each such word. Where the CRD wants a text, the word stays what its writer meant.
 */
export function readByKubectl(
  manifest: Manifest,
  schema: CrdSchema | undefined,
): { read: Manifest; warnings: Finding[] } {
  if (!schema) return { read: manifest, warnings: [] };
  const words = manifest.plainValues().flatMap(({ path, text }) => {
    const meaning = meaningOf(text);
    return meaning === undefined ? [] : [{ path, text, meaning }];
  });
  if (words.length === 0) return { read: manifest, warnings: [] };
  const value = structuredClone(manifest.value) as unknown;
  for (const { path, meaning } of words) {
    const wanted = typeAt(schema, path);
    const holder = at(value, ...path.slice(0, -1)) as Record<string | number, unknown> | undefined;
    if (holder && wanted !== undefined && wanted !== "string") holder[path.at(-1)!] = meaning;
  }
  const warnings = words.map(({ path, text, meaning }): Finding => ({
    severity: "warning",
    rule: "yaml-1.1",
    place: manifest.place(path),
    what: `${pathText(path)}: kubectl reads ${text} as ${meaning}`,
    why: "Kubernetes reads YAML 1.1",
    right: `write "${text}" in quotes, or ${meaning}`,
  }));
  return { read: manifest.with(value), warnings };
}

function typeAt(schema: CrdSchema, path: Path): string | undefined {
  let found: CrdSchema | undefined = schema;
  for (const step of path)
    found = typeof step === "number" ? found?.items : fieldSchema(found, step);
  return found?.type;
}
