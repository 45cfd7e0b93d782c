// The hosts of a VirtualService in the words of our match.
import type { Fields } from "../core/value.ts";

import { escapedRegex } from "../native/envoy/regex.ts";

/** The authorities by which clients call the hosts of a VirtualService in `namespace`. */
export function authorityOf(hosts: readonly string[], namespace: string): Fields {
  const forms = hosts.map((host) => {
    if (host === "*") return ".*";
    if (host.startsWith("*.")) return `[^:]+${escapedRegex(host.slice(1))}`;
    if (host.includes(".")) return escapedRegex(host);
    return `${escapedRegex(host)}(\\.${escapedRegex(namespace)}(\\.svc(\\.cluster\\.local)?)?)?`;
  });
  return { regex: `(${forms.join("|")})(:[0-9]+)?`, ignoreCase: true };
}
