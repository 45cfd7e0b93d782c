// Istio's small matching languages as our Match: AuthorizationPolicy's wildcards and
// VirtualService's StringMatch.

export function escapeRegex(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** The authorities by which clients call the hosts of a VirtualService in `namespace`. */
export function authorityOf(hosts: string[], namespace: string): any {
  const forms = hosts.map((host) => {
    if (host === "*") return ".*";
    if (host.startsWith("*.")) return `[^:]+${escapeRegex(host.slice(1))}`;
    if (host.includes(".")) return escapeRegex(host);
    return `${escapeRegex(host)}(\\.${escapeRegex(namespace)}(\\.svc(\\.cluster\\.local)?)?)?`;
  });
  return { regex: `(${forms.join("|")})(:[0-9]+)?`, ignoreCase: true };
}

/** VirtualService's StringMatch; an empty one means "there at all". */
export function stringMatch(match: any): any {
  if (match === null || typeof match !== "object" || Object.keys(match).length === 0)
    return { present: true };
  return match;
}
