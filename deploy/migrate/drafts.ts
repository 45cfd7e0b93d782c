// The policies that a migration is writing: one for each place in the mesh that something was
// read for.
import { filterNames } from "../core/catalog.ts";
import type { FilterName } from "../core/catalog.ts";
import { policyVersion } from "../core/policy.ts";
import {
  fingerprintOf,
  readAnnotation,
  replacesAnnotation,
  rewritesAnnotation,
} from "../core/migrated.ts";
import type { Manifest } from "../core/source.ts";
import { fieldsOf, listOf, mapsOf } from "../core/value.ts";
import type { Fields } from "../core/value.ts";
import type { Resource as Document } from "../core/resource.ts";
import type { Placement, Resource } from "./resource.ts";
import type { Scope } from "../validate/overlap.ts";

export class Draft {
  readonly namespace: string;
  readonly placement: Placement;
  name: string;
  readonly filters: Partial<Record<FilterName, Fields>> = {};
  readonly traffic: Resource[] = [];
  /** What it was made from. */
  readonly sources: Manifest[] = [];
  /** Native resources that it stands for: they go once it enforces. */
  readonly replaces: Manifest[] = [];
  /** Native resources that change with it: as they were, and as they become. */
  readonly rewrites: { source: Manifest; value: Document }[] = [];

  /** What else was read, and decides together with it. */
  seen: readonly Manifest[] = [];

  constructor(namespace: string, placement: Placement, name: string) {
    this.namespace = namespace;
    this.placement = placement;
    this.name = name;
  }

  /** The settings of one filter, made by `empty` at first use. */
  settings(filter: FilterName, source: Manifest, empty: () => Fields): Fields {
    if (!this.sources.includes(source)) this.sources.push(source);
    return (this.filters[filter] ??= empty());
  }

  /** Where it applies, as the checks see it. */
  get scope(): Scope {
    const { gateway, sidecar, waypoint, targetRefs } = this.placement;
    const { namespace } = this;
    return {
      namespace,
      selector: (gateway ?? sidecar)?.selector,
      targetRefs: waypoint?.targetRefs ?? targetRefs,
    };
  }

  /** True if all that was read for this place has no settings: a limiter without limits. */
  get isEmpty(): boolean {
    const limits = this.filters["rate-limit"]?.limits;
    if (limits !== undefined && listOf(limits).length === 0) delete this.filters["rate-limit"];
    return Object.keys(this.filters).length === 0;
  }

  /** True if native resources go, change or are written over. */
  private get isMarked(): boolean {
    return this.replaces.length > 0 || this.overwritten.length > 0;
  }

  private get overwritten(): Manifest[] {
    return this.sources.filter(({ kind }) => kind === "VirtualService");
  }

  private get annotations(): Record<string, string> {
    const { replaces, rewrites } = this;
    const marked = [...replaces, ...this.overwritten, ...rewrites.map(({ source }) => source)];
    const read = [...new Set([...marked, ...(replaces.length > 0 ? this.seen : [])])];
    const made = rewrites.map(({ value: { kind, metadata } }) =>
      [kind, metadata.namespace ?? "default", metadata.name].join("/"),
    );
    return {
      ...(replaces.length > 0 && { [replacesAnnotation]: replaces.map(referenceTo).join(" ") }),
      ...(made.length > 0 && { [rewritesAnnotation]: made.join(" ") }),
      [readAnnotation]: read
        .map((one) => `${referenceTo(one)}=${fingerprintOf(one.value)}`)
        .join(" "),
    };
  }

  toPolicy(repository: string): Document {
    for (const route of mapsOf(this.filters.canary?.routes)) dropPlainVariants(route);
    const filters = filterNames
      .filter((name) => this.filters[name])
      .map((name) => [name, this.filters[name]]);
    return {
      apiVersion: policyVersion,
      kind: "Policy",
      metadata: {
        name: this.name,
        namespace: this.namespace,
        ...(this.isMarked && { annotations: this.annotations }),
      },
      spec: {
        placement: this.placement,
        image: { repository },
        ...Object.fromEntries(filters),
        ...(this.traffic.length > 0 && { traffic: this.traffic }),
      },
    };
  }
}

/**
 * A variant without conditions is known by the split or as the base; a list of nothing else says
 * nothing.
 */
function dropPlainVariants(route: Fields): void {
  const split = fieldsOf(route.split);
  const isKnown = (name: unknown) => String(name) in split || route.base === name;
  const said = mapsOf(route.variants).filter(({ name, match }) => match || !isKnown(name));
  if (said.length > 0) route.variants = said;
  else delete route.variants;
}

export class Drafts {
  private readonly drafts = new Map<string, Draft>();

  /** The draft for a place; `name` is taken if it is new, with a number if another place has it. */
  at(namespace: string, placement: Placement, name: string): Draft {
    const key = JSON.stringify([namespace, placement]);
    const known = this.drafts.get(key);
    if (known) return known;
    const taken = new Set(
      [...this.drafts.values()]
        .filter((draft) => draft.namespace === namespace)
        .map((draft) => draft.name),
    );
    // What runs at a gateway comes from several resources: none of their names would fit the rest.
    const wanted = slug(placement.gateway ? "edge" : (placement.sidecar?.selector?.app ?? name));
    let free = wanted;
    for (let number = 2; taken.has(free); number++) free = `${wanted}-${number}`;
    const draft = new Draft(namespace, placement, free);
    this.drafts.set(key, draft);
    return draft;
  }

  /** The draft for a place, if there is one. */
  find(namespace: string, placement: Placement): Draft | undefined {
    return this.drafts.get(JSON.stringify([namespace, placement]));
  }

  all(): Draft[] {
    return [...this.drafts.values()];
  }
}

/** `kind/namespace/name` */
export function referenceTo({ kind, namespace, name }: Manifest): string {
  return `${kind}/${namespace}/${name}`;
}

/** A name as Kubernetes and our schemas take it. */
export function slug(text: string): string {
  const bare = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return bare.slice(0, 40).replace(/-+$/, "") || "policy";
}
