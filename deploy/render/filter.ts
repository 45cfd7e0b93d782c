// A stream of manifests with each settings file replaced by its resources. Every other document
// stays as it is written, with its comments.
import { routesIn } from "../core/canary.ts";
import { partsOf } from "../core/kustomize.ts";
import { requireUsable, sorted } from "../core/load.ts";
import type { Policy } from "../core/policy.ts";
import type { Resource } from "../core/resource.ts";
import { parse } from "../core/source.ts";
import type { Manifest, Origin, Source } from "../core/source.ts";
import { at, listOf } from "../core/value.ts";
import { yamlText } from "../core/yaml-text.ts";

export interface Filtered {
  text: string;
  /** What the settings files became. */
  resources: Resource[];
  /** Files and documents of a folder that are no resources. */
  left: string[];
}

/**
 * Replaces settings files by what `rendered` gives for them. A ResourceList (KRM functions) and a
 * `List` come out as one. Throws `invalid` when a policy cannot be used.
 */
export function filter(sources: Source[], rendered: (policy: Policy) => Resource[]): Filtered {
  const parsed = sources.map(({ text, file, named }) => parse(text, file, named));
  const manifests = parsed.flatMap((one) => one.manifests);
  const parts = partsOf(manifests);
  const findings = parsed
    .flatMap((one) => one.findings)
    .filter(({ place }) => !parts.has(place.file));
  const { policies } = requireUsable(sorted(manifests, findings));
  const made = new Map(policies.map((policy) => [policy.manifest, rendered(policy)]));
  const resources = [...made.values()].flat();
  const [only] = sources;
  // Nothing to replace: the same bytes, also those between the documents.
  if (only && sources.length === 1 && made.size === 0 && only.named)
    return { text: only.text, resources, left: [] };
  const left = new Set<string>();
  const pieces: string[] = [];
  for (const [origin, group] of byOrigin(manifests)) {
    const reason = reasonToLeave(group[0]!, parts);
    if (reason) left.add(`${group[0]!.file}: ${reason}`);
    else pieces.push(textOf(origin, group, made));
  }
  return { text: pieces.join("---\n"), resources, left: [...left] };
}

function byOrigin(manifests: Manifest[]): Map<Origin, Manifest[]> {
  return Map.groupBy(manifests, ({ origin }) => origin);
}

/** A folder holds more than resources: what kustomize reads, values, cases. */
function reasonToLeave(manifest: Manifest, parts: Map<string, string>): string | undefined {
  if (manifest.named) return undefined;
  const part = parts.get(manifest.file);
  if (part) return part;
  if (manifest.group === "kustomize.config.k8s.io") return "a kustomization";
  return manifest.apiVersion && manifest.kind ? undefined : "no resource";
}

function textOf(origin: Origin, group: Manifest[], made: Map<Manifest, Resource[]>): string {
  if (!group.some((manifest) => made.has(manifest))) return bare(origin.text);
  const items = group.flatMap((manifest): unknown[] => made.get(manifest) ?? [manifest.value]);
  const { list } = origin;
  if (list) return yamlText([{ value: { ...list, items } }]);
  const comment = `Rendered by gatehouse from ${group[0]!.file}: change the settings there, not here.`;
  return yamlText(
    items.map((value, at) => ({ value, comments: at === 0 ? [comment] : undefined })),
  );
}

/** A document without the line that divides it from the one before. */
function bare(text: string): string {
  const own = text.replace(/^\s*---[ \t]*\r?\n/, "");
  return own.endsWith("\n") ? own : `${own}\n`;
}

/** True if a schedule of the policy counts from the moment of the rendering. */
export function countsFromNow(policy: Policy): boolean {
  return routesIn(policy.filters.get("canary")).some((route) =>
    listOf(at(route, "schedule")).some((step) => at(step, "after") !== undefined),
  );
}
