// From paths on the command line to policies: reads, parses, and stops when what is there cannot
// be used.
import { isPolicy } from "./policy.ts";
import type { Policy } from "./policy.ts";
import { parsePolicy } from "./policy-parser.ts";
import { ToolError, hasErrors, textOf } from "./problem.ts";
import type { Finding } from "./problem.ts";
import { read } from "./source.ts";
import type { Manifest } from "./source.ts";

/** Everything in the files: policies, and whatever else is beside them. */
export interface Loaded {
  policies: Policy[];
  others: Manifest[];
  findings: Finding[];
}

export function load(paths: string[]): Loaded {
  const { manifests, findings } = read(paths);
  return sorted(manifests, findings);
}

/** Policies apart from the rest; what is wrong with them joins the findings. */
export function sorted(manifests: Manifest[], findings: Finding[]): Loaded {
  const policies: Policy[] = [];
  const others: Manifest[] = [];
  for (const manifest of manifests) {
    if (!isPolicy(manifest)) {
      others.push(manifest);
      continue;
    }
    const parsed = parsePolicy(manifest);
    findings.push(...parsed.findings);
    if (parsed.policy) policies.push(parsed.policy);
  }
  return { policies, others, findings };
}

/** A policy that is there twice: applying the second would take away what the first made. */
function twice(policies: Policy[]): Finding[] {
  return policies.flatMap(({ name, namespace, manifest }, at): Finding[] => {
    const first = policies
      .slice(0, at)
      .find((other) => other.name === name && other.namespace === namespace);
    if (!first) return [];
    const place = first.manifest.place(["metadata", "name"]);
    const what = `policy ${namespace}/${name} is there twice`;
    const why = `the first is at ${place.file}:${place.line}`;
    const found = {
      severity: "error",
      rule: "twice",
      place: manifest.place(["metadata", "name"]),
      what,
      why,
    } as const;
    return [{ ...found, right: "give one of them another name" }];
  });
}

/** Throws `invalid` with every finding unless the policies are fit for use. */
export function requireUsable(loaded: Loaded): Loaded {
  loaded.findings.push(...twice(loaded.policies));
  if (hasErrors(loaded.findings)) {
    const lines = loaded.findings.map(textOf).join("\n");
    throw new ToolError(
      "invalid",
      lines.includes("\n") ? `these settings cannot be used:\n${lines}` : lines,
    );
  }
  return loaded;
}

/** Policies that are fit for use, one at least. */
export function loadPolicies(paths: string[]): Loaded {
  const loaded = requireUsable(load(paths));
  if (loaded.policies.length === 0) {
    const found = loaded.others.map((manifest) => manifest.kind || "no kind").join(", ");
    throw new ToolError(
      "input",
      `${paths.join(", ")}: no settings file (kind: Policy) there, only ${found}; name one`,
    );
  }
  return loaded;
}
