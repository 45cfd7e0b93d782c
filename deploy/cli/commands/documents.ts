// What stands beside the settings in the files of `render`, `apply` and `diff`.
import type { Resource } from "../../core/resource.ts";
import type { Manifest } from "../../core/source.ts";
import { fieldsOf } from "../../core/value.ts";

/** The resources among other documents; values of charts and the like are none. */
export function documentsOf(others: readonly Manifest[]): Resource[] {
  return others
    .filter(({ kind, name, apiVersion }) => kind && name && apiVersion)
    .map(({ fields, namespace, name }) => ({
      ...(fields as unknown as Resource),
      metadata: { ...fieldsOf(fields.metadata), namespace, name },
    }));
}
