// Rules by path, in a mesh whose proxies leave a path more than one spelling: `/admin` and
// `//admin` are one place to most services, and two to a rule.
import type { Finding } from "../core/problem.ts";
import type { Path } from "../core/source.ts";
import { at, fieldsOf, isFields } from "../core/value.ts";
import { meshOf } from "./mesh.ts";
import type { Plugin } from "./plugin.ts";
import type { World } from "./world.ts";

/** What Istio's `pathNormalization` must be for one spelling; BASE, the default, keeps `//`. */
const sufficient = new Set(["MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"]);

export function checkPaths({ plugins, resources }: World): Finding[] {
  const meshes = resources.flatMap((resource) => meshOf(resource) ?? []);
  const levels = meshes.map(({ config }) => at(config, "pathNormalization", "normalization"));
  const said = levels.find((level) => level !== undefined && !sufficient.has(String(level)));
  // Parts of a configuration, such as the patch of an overlay, need not repeat it.
  if (said === undefined && levels.some((level) => level !== undefined)) return [];
  return plugins.flatMap((plugin) => {
    const [first] = plugin.filter && !normalizes(plugin) ? rulesIn(plugin.config, []) : [];
    if (!first) return [];
    const finding: Finding = {
      severity: meshes.length > 0 ? "warning" : "note",
      rule: "path-normalization",
      place: plugin.configPlace(first),
      what: `${plugin.title} decides by path, and the mesh ${meshes.length > 0 ? `has pathNormalization ${String(said ?? "BASE, the default")}` : "is not among the files"}`,
      why: "a path with // or an encoded letter then is another path to the rule than to the service",
      right: "set meshConfig.pathNormalization.normalization: MERGE_SLASHES",
    };
    return [finding];
  });
}

/** True if the filter brings paths into one spelling, or refuses those that have several. */
function normalizes({ config }: Plugin): boolean {
  const { normalizePath, ambiguousPaths } = fieldsOf(config);
  return normalizePath === true || ambiguousPaths === "refuse";
}

/** The conditions on a path that a second spelling could miss. */
function rulesIn(value: unknown, path: Path): Path[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => rulesIn(item, [...path, index]));
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...path, key];
    if (key !== "uri") return rulesIn(inner, here);
    const { exact, prefix } = fieldsOf(inner);
    const isRule = exact !== undefined || (prefix !== undefined && prefix !== "/");
    return isRule ? [here] : [];
  });
}
