// RequestAuthentications and the policies that read their tokens belong together where they may
// meet in one proxy: such a group is migrated as a whole, or not at all.
import type { Manifest } from "../../core/source.ts";
import type { Context } from "../context.ts";
import { readsToken } from "./rule.ts";
import { mayMeet, scopeOf } from "./scope.ts";
import type { Scope } from "./scope.ts";

export interface Placed {
  manifest: Manifest;
  scope: Scope;
}

export interface Group {
  authentications: Placed[];
  /** AuthorizationPolicies that ask for a token. */
  readers: Placed[];
  /** All other AuthorizationPolicies that may meet the authentications. */
  others: Placed[];
}

export function groupsOf(context: Context): Group[] {
  const placed = (kind: string): Placed[] =>
    context
      .ofKind("security.istio.io", kind)
      .map((manifest) => ({ manifest, scope: scopeOf(context, manifest) }));
  const authentications = placed("RequestAuthentication").filter(({ manifest }) =>
    Array.isArray(manifest.at("spec", "jwtRules")),
  );
  const policies = placed("AuthorizationPolicy");
  const readers = policies.filter(({ manifest }) => readsToken(manifest));
  const others = policies.filter((policy) => !readers.includes(policy));
  const groups = joined(context, authentications, readers);
  for (const group of groups)
    group.others = others.filter(({ scope }) =>
      group.authentications.some((each) => mayMeet(context, each.scope, scope)),
    );
  return groups;
}

/** What meets an authentication of two groups makes them one. */
function joined(context: Context, authentications: Placed[], readers: Placed[]): Group[] {
  let groups: Group[] = [];
  for (const next of authentications) {
    const isNear = (group: Group) =>
      group.authentications.some(({ scope }) => mayMeet(context, scope, next.scope));
    groups = merged(groups, isNear, { authentications: [next], readers: [], others: [] });
  }
  for (const next of readers) {
    const isNear = (group: Group) =>
      group.authentications.some(({ scope }) => mayMeet(context, scope, next.scope));
    if (!groups.some(isNear)) continue;
    groups = merged(groups, isNear, { authentications: [], readers: [next], others: [] });
  }
  return groups;
}

function merged(groups: Group[], isNear: (group: Group) => boolean, next: Group): Group[] {
  const near = groups.filter(isNear);
  const all = [...near, next];
  const group: Group = {
    authentications: all.flatMap(({ authentications }) => authentications),
    readers: all.flatMap(({ readers }) => readers),
    others: [],
  };
  return [...groups.filter((each) => !near.includes(each)), group];
}
