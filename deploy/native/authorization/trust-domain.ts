// Trust domains in principals: `cluster.local` is a name for the mesh's own and its aliases
// (pilot/pkg/security/trustdomain/bundle.go, Istio 1.31).
import type { Mesh } from "../types.ts";

const pointer = "cluster.local";

/** A principal for each trust domain that it is meant for. */
export function expandPrincipals(principals: readonly string[], mesh: Mesh): string[] {
  return principals.flatMap((principal) => expandPrincipal(principal, mesh));
}

function expandPrincipal(principal: string, mesh: Mesh): string[] {
  const parts = principal.split("/");
  const [domain] = parts;
  // What is no SPIFFE name, or has any trust domain, is taken as it is.
  if (parts.length !== 5 || domain === undefined || domain === "*") return [principal];
  const domains = [mesh.trustDomain, ...mesh.trustDomainAliases];
  const isOwn = domain === pointer || domains.some((own) => isMatch(domain, own));
  if (!isOwn) return [principal];
  const rest = parts.slice(1).join("/");
  const expanded = domains.map((own) =>
    isSuffixMatch(own, domain) ? principal : `${own}/${rest}`,
  );
  return [...new Set(expanded)];
}

/** util.go's stringMatch: either side may have the wildcard. */
function isMatch(domain: string, own: string): boolean {
  if (domain === own || own === "*") return true;
  if (isPrefixMatch(domain, own) || isPrefixMatch(own, domain)) return true;
  return isSuffixMatch(domain, own) || isSuffixMatch(own, domain);
}

function isPrefixMatch(text: string, pattern: string): boolean {
  return pattern.endsWith("*") && text.startsWith(pattern.slice(0, -1));
}

function isSuffixMatch(text: string, pattern: string): boolean {
  return pattern.startsWith("*") && text.endsWith(pattern.slice(1));
}

/** `source.trustDomain`: one of the mesh's own stands for all of them. */
export function expandTrustDomains(values: readonly string[], mesh: Mesh): string[] {
  const domains = [mesh.trustDomain, ...mesh.trustDomainAliases];
  return [...new Set(values.flatMap((value) => (domains.includes(value) ? domains : [value])))];
}
