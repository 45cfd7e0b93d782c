// Istio's small matching languages as our Match: AuthorizationPolicy's wildcards and
// VirtualService's StringMatch.

/** `a`, `a*`, `*a`, `*` and (paths) `/{*}/x`, `/{**}` as a StringMatch. */
export function wildcard(text: string): any {
  if (text === "*") return { present: true };
  if (/\{\*{1,2}\}/.test(text)) return { regex: templateRegex(text) };
  if (text.endsWith("*")) return { prefix: text.slice(0, -1) };
  if (text.startsWith("*")) return { suffix: text.slice(1) };
  return { exact: text };
}

/** The same as a regular expression (RE2), for lists and for their negation. */
export function wildcardRegex(text: string): string {
  if (/\{\*{1,2}\}/.test(text)) return templateRegex(text);
  if (text.endsWith("*")) return `${escapeRegex(text.slice(0, -1))}.*`;
  if (text.startsWith("*")) return `.*${escapeRegex(text.slice(1))}`;
  return escapeRegex(text);
}

/** Path templates: `{*}` is one segment, `{**}` the rest. */
function templateRegex(text: string): string {
  return text
    .split(/(\{\*{1,2}\})/)
    .map((part) => (part === "{*}" ? "[^/]+" : part === "{**}" ? ".*" : escapeRegex(part)))
    .join("");
}

export function escapeRegex(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** A list of which one must match: the one wildcard, or one expression for all. */
export function anyOf(texts: string[], invert = false): any {
  const one =
    texts.length === 1 ? wildcard(texts[0]!) : { regex: texts.map(wildcardRegex).join("|") };
  return invert ? { ...one, invert: true } : one;
}

/** Host names match in any case and with any port, as Envoy's RBAC does. */
export function hostsMatch(hosts: string[], invert = false): any {
  const regex = `(${hosts.map(wildcardRegex).join("|")})(:[0-9]+)?`;
  return { regex, ignoreCase: true, ...(invert && { invert: true }) };
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
