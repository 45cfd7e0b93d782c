// Compiled limits as the settings of rate-limit, which then decides as Envoy does.
import type { Fields } from "../../core/value.ts";
import type { Compiled } from "./compile.ts";
import type { Match } from "./condition.ts";

const maxKeysDefault = 10_000;

/** `base` names the default bucket; `more` is what only some limits have. */
export function settingsOf(
  { limits, maxKeys }: Compiled,
  base: string,
  more: (match: readonly Match[] | undefined) => Fields = (match) => (match ? { match } : {}),
): Fields {
  const written = limits.map(({ of, match, ...limit }) => ({
    name: of === "default" ? base : `${base}-${of + 1}`,
    ...more(match),
    ...limit,
  }));
  return {
    // Envoy compares the host as the client sent it, with its case and its port.
    ...(namesHost(limits) && { normalizeAuthority: false }),
    charging: "inOrder",
    limits: written,
    ...(maxKeys !== maxKeysDefault && { maxKeys }),
  };
}

function namesHost(limits: Compiled["limits"]): boolean {
  return limits.some(
    ({ match = [], key = [] }) =>
      match.some(({ authority }) => authority !== undefined) ||
      key.some((part) => "authority" in part),
  );
}
