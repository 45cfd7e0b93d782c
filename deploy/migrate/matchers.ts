// The hosts of a VirtualService in the words of our match.
import type { Fields } from "../core/value.ts";
import { escaped } from "./limits/words.ts";

/** The authorities by which clients call the hosts of a VirtualService in `namespace`. */
export function authorityOf(hosts: readonly string[], namespace: string): Fields {
  const forms = hosts.map((host) => {
    if (host === "*") return ".*";
    if (host.startsWith("*.")) return `[^:]+${escaped(host.slice(1))}`;
    if (host.includes(".")) return escaped(host);
    return `${escaped(host)}(\\.${escaped(namespace)}(\\.svc(\\.cluster\\.local)?)?)?`;
  });
  return { regex: `(${forms.join("|")})(:[0-9]+)?`, ignoreCase: true };
}
