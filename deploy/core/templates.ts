// Files that somebody has to fill in first: Helm templates, and placeholders of a shell. Each is
// one message, not one for each field.
import { fillingOf } from "./placeholders.ts";
import type { Finding } from "./problem.ts";
import { isKnown } from "./resources.ts";
import type { Manifest } from "./source.ts";

export interface Filled {
  /** Those of files that are complete. */
  manifests: Manifest[];
  /** One for each file that has to be filled in. */
  templates: Finding[];
}

/**
 * Takes out the files in which a resource of the mesh has placeholders. Other kinds may hold any
 * text: alerts have `{{ $labels }}`, scripts have `${HOME}`.
 */
export function withoutTemplates(manifests: readonly Manifest[]): Filled {
  const templates = new Map<string, Finding>();
  for (const manifest of manifests) {
    if (templates.has(manifest.file) || !isKnown(manifest)) continue;
    const right = fillingOf(textOf(manifest));
    if (right) templates.set(manifest.file, templateFinding(manifest, right));
  }
  return {
    manifests: manifests.filter(({ file }) => !templates.has(file)),
    templates: [...templates.values()],
  };
}

function templateFinding(manifest: Manifest, right: string): Finding {
  const place = manifest.place();
  return { severity: "error", rule: "template", place, what: "not a finished file", right };
}

/** Without what programs are written in, and without comments for people. */
function textOf(manifest: Manifest): string {
  const { metadata, spec } = manifest.fields;
  return JSON.stringify({ metadata, spec }, (key, value: unknown) =>
    key === "annotations" || key === "inlineCode" || key === "inline_code" ? undefined : value,
  );
}
