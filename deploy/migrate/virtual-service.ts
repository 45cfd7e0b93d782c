// VirtualService → a canary route. The filter decides the random split among versions; every rule
// stays what it is and where it is, so that no request goes elsewhere or meets other options.
import type { Manifest, Path } from "../core/source.ts";
import { at, fieldsOf, listOf, mapsOf, textAt } from "../core/value.ts";
import type { Fields } from "../core/value.ts";
import { gatewayName } from "../native/routing/hosts.ts";
import { refusalOf } from "../validate/module-check.ts";
import type { Context } from "./context.ts";
import { plannedOf, prepare, write } from "./routes/emit.ts";
import type { Service } from "./routes/emit.ts";
import { choosesProxies, releaseOf } from "./routes/release.ts";
import type { Release } from "./routes/release.ts";
import { proveRoutes } from "./traffic-proof.ts";

export function migrateVirtualServices(context: Context): void {
  const all = context.ofKind("networking.istio.io", "VirtualService");
  for (const manifest of all) migrateOne(context, manifest, all.length);
}

function migrateOne(context: Context, manifest: Manifest, services: number): void {
  const service = serviceOf(manifest);
  const release = releaseOf(service.http);
  const reason =
    typeof release === "string" ? release : reasonToStay(context, manifest, service, release);
  const stay = (why: string) => context.report.kept(manifest, ["spec"], `stays native: ${why}`);
  if (reason !== undefined || typeof release === "string") return stay(reason ?? "");
  const prepared = prepare(context, service, release);
  const { result, failed } = proveRoutes(context, [manifest], plannedOf(prepared), services);
  if (failed) return stay(failed);
  context.proofs.push({ title: manifest.title, result });
  write(context, manifest, prepared);
  say(context, manifest, release, prepared.route);
}

function say({ report }: Context, manifest: Manifest, release: Release, route: Fields): void {
  const at: Path = ["spec", "http", release.rule];
  const shares = Object.entries(release.split).map(([name, share]) => `${name}: ${share}`);
  const header = textAt(route, "header") ?? "x-variant";
  report.changed(
    manifest,
    [...at, "route"],
    `canary route "${String(route.name)}" splits ${shares.join(", ")}; the rule is written for each variant, by the header ${header}, which the upstream sees too`,
  );
  if (release.rounding) report.changed(manifest, [...at, "route"], release.rounding);
  for (const { rule, variant } of release.siblings)
    report.carried(
      manifest,
      ["spec", "http", rule],
      `stays a rule of the VirtualService; the filter knows its requests as variant "${variant}"`,
    );
  for (const rule of release.others)
    report.kept(manifest, ["spec", "http", rule], "Envoy goes on splitting it, each request anew");
  report.carried(manifest, ["spec", "http"], "traffic.rules, in their order");
  report.carried(manifest, ["spec", "hosts"], "traffic.hosts, and the canary route's match");
  for (const key of ["gateways", "exportTo", "tcp", "tls"])
    if (manifest.at("spec", key) !== undefined)
      report.carried(manifest, ["spec", key], `traffic.${key}`);
  report.close(manifest);
}

function serviceOf(manifest: Manifest): Service {
  const spec = fieldsOf(manifest.at("spec"));
  return {
    name: manifest.name,
    namespace: manifest.namespace,
    hosts: listOf(spec.hosts).map(String),
    gateways: listOf(spec.gateways).map(String),
    ...(spec.exportTo !== undefined && { exportTo: spec.exportTo }),
    http: mapsOf(spec.http),
    ...(spec.tcp !== undefined && { tcp: mapsOf(spec.tcp) }),
    ...(spec.tls !== undefined && { tls: mapsOf(spec.tls) }),
  };
}

/** Why the release cannot be the filter's; undefined if it can. */
function reasonToStay(
  context: Context,
  manifest: Manifest,
  service: Service,
  release: Release,
): string | undefined {
  const matches = mapsOf(service.http[release.rule]!.match);
  if (service.hosts.length === 0) return "it is a delegate: its hosts are another VirtualService's";
  if (matches.some(choosesProxies)) return "the split is for some gateways or callers only";
  const other = sharers(context, manifest, service)[0];
  if (other)
    return `${other.title} has one of its hosts at the same gateway, and Istio joins their rules`;
  const owner = rolloutOf(context, manifest);
  if (owner) return `${owner.title} sets its weights`;
  const route = {
    name: "r",
    variants: [
      ...release.variants.map(({ name }) => ({ name })),
      ...release.siblings.map(({ match }, index) => ({ name: `s${index}`, match })),
    ],
    split: release.split,
  };
  const refusal = refusalOf("canary", { routes: [route] }, {});
  return refusal && `canary refuses a condition of it: ${refusal.what}`;
}

/** VirtualServices of the same host at the same gateway. */
function sharers(context: Context, manifest: Manifest, service: Service): Manifest[] {
  const names = ({ gateways, namespace }: Service) =>
    gateways.filter((name) => name !== "mesh").map((name) => gatewayName(name, namespace));
  const own = new Set(names(service));
  return context.ofKind("networking.istio.io", "VirtualService").filter((other) => {
    if (other === manifest) return false;
    const theirs = serviceOf(other);
    return (
      theirs.hosts.some((host) => service.hosts.includes(host)) &&
      names(theirs).some((name) => own.has(name))
    );
  });
}

/** The Argo Rollout that writes the weights of this VirtualService. */
function rolloutOf(context: Context, manifest: Manifest): Manifest | undefined {
  return context.ofKind("argoproj.io", "Rollout").find((rollout) => {
    const istio = rollout.at("spec", "strategy", "canary", "trafficRouting", "istio");
    const named = [at(istio, "virtualService"), ...listOf(at(istio, "virtualServices"))];
    return named.some((one) => {
      const [left, right] = (textAt(one, "name") ?? "").split("/");
      return right === undefined
        ? rollout.namespace === manifest.namespace && left === manifest.name
        : left === manifest.namespace && right === manifest.name;
    });
  });
}
