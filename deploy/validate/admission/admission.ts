// What a cluster says when a resource is created: the API server with the kind's CRD, then istiod's
// validating webhook. Each step is asked only about what the one before lets pass.
import { checkFields, checkResource, isKnown, schemaOf, servedIn } from "../../core/resources.ts";
import type { Kind } from "../../core/resources.ts";
import { hasErrors } from "../../core/problem.ts";
import type { Finding } from "../../core/problem.ts";
import { pathText } from "../../core/source.ts";
import type { Manifest, Path } from "../../core/source.ts";
import { droppedNulls, stored } from "../../core/structural.ts";
import type { CrdSchema } from "../../core/structural.ts";
import { wrongFormats } from "./formats.ts";
import { repeatedItems } from "./lists.ts";
import { brokenMetadata } from "./metadata.ts";
import { brokenRules } from "./rules.ts";
import type { Broken } from "./rules.ts";
import { refusedByWebhook } from "./webhook/webhook.ts";
import { readByKubectl } from "./yaml-words.ts";

export type Admit = typeof admit;

/** Findings on one resource; kinds of `ignored` groups are left to others. */
export async function admit(
  manifest: Manifest,
  ignored: ReadonlySet<string> = new Set(),
): Promise<Finding[]> {
  const schema = schemaOf(manifest);
  const { read, warnings } = readByKubectl(manifest, schema);
  const found = [...warnings, ...checkResource(read, ignored)];
  if (!isKnown(read)) return found;
  if (schema && !hasErrors(found)) return [...found, ...(await checkStored(read, schema))];
  return checkFurther(read, found);
}

/** What fits the schema's types: lists, rules, and the nulls that nobody will miss. */
async function checkStored(manifest: Manifest, schema: CrdSchema): Promise<Finding[]> {
  const value = stored(schema, manifest.value);
  const said = (rule: string, why: string, list: Broken[]) =>
    list.map(({ path, message }): Finding => {
      const what = `${pathText(path)}: ${message}`;
      return { severity: "error", rule, place: manifest.place(path), what, why };
    });
  const broken = [
    ...said("metadata", "the API server refuses it", brokenMetadata(manifest.at("metadata"))),
    ...said("crd", `a rule of the ${manifest.kind}'s CRD`, [
      ...wrongFormats(schema, value),
      ...repeatedItems(schema, value),
      ...brokenRules(schema, value),
    ]),
  ];
  // The webhook repeats some rules of the CRDs.
  const isNew = ({ place }: Finding) => !broken.some((one) => one.place.line === place.line);
  const refused = await refusedByWebhook(manifest, value);
  return [
    ...broken,
    ...refused.filter(isNew),
    ...droppedNulls(schema, manifest.value).map((path) => nullWarning(manifest, path)),
  ];
}

function nullWarning(manifest: Manifest, path: Path): Finding {
  return {
    severity: "warning",
    rule: "null",
    place: manifest.place(path),
    what: `${pathText(path)}: nothing is set`,
    why: "the API server drops the field",
    right: "write a value, or remove the key",
  };
}

/**
 * A resource that the pinned CRDs refuse may fit newer ones: then what they refuse is a warning
 * that says what the cluster needs.
 */
async function checkFurther(manifest: Manifest, found: Finding[]): Promise<Finding[]> {
  const { default: file } = await import("../../core/crds/further.json", {
    with: { type: "json" },
  });
  const kinds = file.kinds as unknown as Record<string, Kind>;
  const served = servedIn(kinds, manifest);
  if (!served) return found;
  const still = checkFields(manifest, served, "further");
  const isStill = (one: Finding) =>
    still.some(({ what, place }) => what === one.what && place.line === one.place.line);
  const { needs } = kinds[`${manifest.group}/${manifest.kind}`]!;
  const warnings = found.flatMap((one): Finding[] => {
    if (one.severity !== "error" || one.rule === "name" || isStill(one)) return [one];
    const { place, what } = one;
    return [{ severity: "warning", rule: "further", place, what, why: `it needs ${needs}` }];
  });
  const rest = still.filter((one) => !warnings.some(({ what }) => what === one.what));
  const all = [...warnings, ...rest];
  return hasErrors(all) ? all : [...all, ...(await checkStored(manifest, served.schema))];
}
