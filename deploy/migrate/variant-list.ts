// The variants that a VirtualService's rules lead to: one for each destination, with its options
// and its place in `traffic`.
import type { Manifest, Path } from "../core/source.ts";
import type { Context } from "./context.ts";
import { slug } from "./drafts.ts";

/** Fields of an HTTP route that are about how, not where. */
const optionKeys = [
  "timeout",
  "retries",
  "fault",
  "corsPolicy",
  "headers",
  "rewrite",
  "mirror",
  "mirrors",
  "mirrorPercentage",
];

/** The variants of one route, by destination. */
export class Variants {
  private readonly context: Context;
  private readonly manifest: Manifest;
  readonly route: any;
  private readonly traffic: any;
  private readonly names = new Map<string, string>();

  constructor(context: Context, manifest: Manifest, route: any, traffic: any) {
    this.context = context;
    this.manifest = manifest;
    this.route = route;
    this.traffic = traffic;
  }

  /**
   * The variant for a destination, added at its first mention: their order is the order of the
   * rules.
   */
  of(destination: any): any {
    const key = JSON.stringify([destination?.host, destination?.subset, destination?.port?.number]);
    const known = this.names.get(key);
    if (known) return this.route.variants.find((variant: any) => variant.name === known);
    const taken = new Set(this.names.values());
    const base = slug(destination?.subset ?? String(destination?.host).split(".")[0]!);
    let name = base;
    for (let number = 2; taken.has(name); number++) name = `${base}-${number}`;
    this.names.set(key, name);
    const variant = { name };
    this.route.variants.push(variant);
    const { subset, port } = destination ?? {};
    this.traffic.variants[name] = {
      host: destination?.host,
      ...(subset && { subset }),
      ...(port?.number && { port: port.number }),
    };
    return variant;
  }

  /**
   * Options of a rule for the variants it leads to; the first rule that has some for a variant
   * wins.
   */
  options(rule: any, names: string[], path: Path): void {
    const options = Object.fromEntries(
      optionKeys.filter((key) => rule[key] !== undefined).map((key) => [key, rule[key]]),
    );
    for (const name of names) {
      const variant = this.traffic.variants[name];
      const before = JSON.stringify(variant.http ?? {});
      const isFirst = !("seen" in variant);
      Object.defineProperty(variant, "seen", {
        value: true,
        enumerable: false,
        configurable: true,
      });
      if (isFirst || before === "{}") {
        if (Object.keys(options).length > 0) variant.http = options;
        if (!isFirst && Object.keys(options).length > 0) this.differ(path, name);
      } else if (before !== JSON.stringify(options)) this.differ(path, name);
    }
    const written = path.reduce((node: any, step) => node?.[step], this.manifest.value) ?? {};
    for (const key of Object.keys(options).filter((name) => name in written))
      this.context.report.carried(
        this.manifest,
        [...path, key],
        `traffic variants ${names.join(", ")} http.${key}`,
      );
  }

  /** A rule that stays what it is, before those of the variants. */
  first(rule: any, path: Path, why: string): void {
    (this.traffic.first ??= []).push(rule);
    const before =
      this.route.variants.length > 0 ? ", and now comes before the rules that stood above it" : "";
    const note = `${why}: it stays as it is, in traffic.first${before}`;
    if (before) this.context.report.changed(this.manifest, path, note);
    else this.context.report.carried(this.manifest, path, note);
  }

  private differ(path: Path, name: string): void {
    const note = `rules with different options lead to "${name}", and the filter's header does not say which rule it was: the options are one set for the variant`;
    this.context.report.changed(this.manifest, path, note);
  }
}
