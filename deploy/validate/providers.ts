// Providers of jwt-auth that believe more than they need to: keys that came over plain HTTP, tokens
// of every issuer that has the key, tokens that were made for another service.
import type { Finding } from "../core/problem.ts";
import { at, fieldsOf, listOf, mapsOf } from "../core/value.ts";
import type { Plugin } from "./plugin.ts";

export function checkProviders(plugin: Plugin): Finding[] {
  if (plugin.filter !== "jwt-auth") return [];
  const named = audiencesInRules(plugin.config);
  return listOf(at(plugin.config, "providers")).flatMap((value, index) => {
    const provider = fieldsOf(value);
    const title = `provider "${String(provider.name)}"`;
    const warning = (rule: string, key: string, what: string, why: string, right: string) => ({
      severity: "warning" as const,
      rule,
      place: plugin.configPlace(["providers", index, key in provider ? key : "name"]),
      what: `${title} ${what}`,
      why,
      right,
    });
    const found: Finding[] = [];
    const key = provider.jwksUri === undefined && provider.discovery ? "issuer" : "jwksUri";
    if (/^http:/i.test(String(provider[key] ?? "")))
      found.push(
        warning(
          "plain-keys",
          key,
          "fetches its keys over plain HTTP",
          "whoever is on the way can put in keys of their own",
          "write https, or give the keys inline (jwks)",
        ),
      );
    if (!provider.issuer)
      found.push(
        warning(
          "open-provider",
          "issuer",
          "names no issuer",
          "a token of every issuer that shares the keys is accepted",
          "add issuer",
        ),
      );
    if (listOf(provider.audiences).length === 0 && !named.has(provider.name))
      found.push(
        warning(
          "open-provider",
          "audiences",
          "names no audiences",
          "a token that was made for another service is accepted",
          "add audiences",
        ),
      );
    return found;
  });
}

/** The providers that every rule which names them asks for an audience of its own. */
function audiencesInRules(config: unknown): Set<unknown> {
  const requirements = mapsOf(at(config, "rules")).flatMap(({ requires }) => leavesOf(requires));
  const strict = new Set(requirements.filter(hasAudiences).map(({ provider }) => provider));
  for (const requirement of requirements)
    if (!hasAudiences(requirement)) strict.delete(requirement.provider);
  return strict;
}

function hasAudiences({ audiences }: Record<string, unknown>): boolean {
  return listOf(audiences).length > 0;
}

/** The requirements that name a provider, inside anyOf and allOf too. */
function leavesOf(requirement: unknown): Record<string, unknown>[] {
  const { anyOf, allOf, ...own } = fieldsOf(requirement);
  return [
    ...[...listOf(anyOf), ...listOf(allOf)].flatMap(leavesOf),
    ...(own.provider ? [own] : []),
  ];
}
