// Flagger Canary → schedule and guard of a canary route. The filter ramps by the clock and watches
// responses. Flagger's checks by Prometheus, its webhooks and its Deployments have no counterpart
// in a proxy.
import { millisOf } from "../core/schedule.ts";
import { parse } from "../core/source.ts";
import type { Manifest, Path } from "../core/source.ts";
import { at as valueAt, fieldsOf, listOf, mapsOf, textAt } from "../core/value.ts";
import type { Fields } from "../core/value.ts";
import { yamlText } from "../core/yaml-text.ts";
import { flaggerService, flaggerVirtualService } from "../native/routing/flagger.ts";
import type { Context } from "./context.ts";
import { plannedOf, prepare, write } from "./routes/emit.ts";
import type { Prepared } from "./routes/emit.ts";
import { matchOf } from "./routes/release.ts";
import type { Release } from "./routes/release.ts";
import { proveRoutes } from "./traffic-proof.ts";

/**
 * The route's variants as Flagger calls them, or as a VirtualService that was read with it does.
 */
interface Target {
  route: Fields;
  base: string;
  canary: string;
  /** Of a route that is still to be written. */
  prepared?: Prepared;
}

/** One Canary on its way into a route. */
interface Job {
  context: Context;
  manifest: Manifest;
  target: Target;
  analysis: Fields;
  /** Where the analysis is. */
  at: Path;
}

export function migrateFlagger(context: Context): void {
  const all = context.ofKind("flagger.app", "Canary");
  for (const manifest of all) migrateOne(context, manifest, all.length);
}

function migrateOne(context: Context, manifest: Manifest, canaries: number): void {
  const stay = (why: string) => context.report.kept(manifest, ["spec"], `stays native: ${why}`);
  const reason = reasonToStay(manifest);
  if (reason) return stay(reason);
  const target = existing(context, manifest) ?? fresh(context, manifest);
  const key = manifest.at("spec", "analysis") === undefined ? "canaryAnalysis" : "analysis";
  const analysis = fieldsOf(manifest.at("spec", key));
  const job: Job = { context, manifest, target, analysis, at: ["spec", key] };
  addMatches(job);
  if (target.prepared) {
    const failed = proved(context, manifest, target.prepared, canaries);
    if (failed) return stay(failed);
  }
  addSteps(job);
  addAffinity(job);
  addGuard(job);
  if (target.prepared) writeFresh(job, target.prepared);
  else changeTwins(context, target);
  sayRest(job);
}

function reasonToStay(manifest: Manifest): string | undefined {
  const service = fieldsOf(manifest.at("spec", "service"));
  if (service.delegation) return "its VirtualService is a delegate of another one";
  if (String(service.appProtocol).toLowerCase() === "tcp") return "it releases TCP, not HTTP";
  return undefined;
}

/**
 * A canary route that a VirtualService gave for the same service: Flagger would have overwritten
 * that one.
 */
function existing(context: Context, manifest: Manifest): Target | undefined {
  const service =
    textAt(manifest.at("spec", "service"), "name") ??
    textAt(manifest.at("spec", "targetRef"), "name") ??
    manifest.name;
  for (const draft of context.drafts.all()) {
    const traffic = draft.traffic.find(
      (entry) =>
        entry.namespace === manifest.namespace && String(entry.host).split(".")[0] === service,
    );
    const route = mapsOf(valueAt(draft.filters, "canary", "routes")).find(
      ({ name }) => name === traffic?.route,
    );
    if (!route) continue;
    const split = fieldsOf(route.split);
    const variants = mapsOf(route.variants).map(({ name }) => String(name));
    const heaviest = Object.keys(split).sort((a, b) => Number(split[b]) - Number(split[a]))[0];
    const base = heaviest ?? variants.at(-1) ?? "";
    const canary = variants.find((name) => name !== base && (name === "canary" || name in split));
    if (!canary) continue;
    context.report.changed(
      manifest,
      ["spec", "service"],
      `the VirtualService for ${service} is migrated already: its route "${String(route.name)}" gets the schedule and the guard`,
    );
    draft.sources.push(manifest);
    return { route, base, canary };
  }
  return undefined;
}

/**
 * A route of its own, to the two services that Flagger makes, and the VirtualService that Flagger
 * writes.
 */
function fresh(context: Context, manifest: Manifest): Target {
  const service = flaggerService(manifest);
  const [first] = service.http;
  const [primary, canary] = mapsOf(first!.route).map(({ destination }) => fieldsOf(destination));
  const release: Release = {
    rule: 0,
    variants: [
      { name: "canary", destination: canary! },
      { name: "primary", destination: primary! },
    ],
    split: { primary: 100, canary: 0 },
    base: "primary",
    siblings: [],
    others: [],
  };
  const prepared = prepare(context, service, release);
  return { route: prepared.route, base: "primary", canary: "canary", prepared };
}

/** Text: why it stays. During an analysis either version may answer, with whatever weights. */
function proved(
  context: Context,
  manifest: Manifest,
  prepared: Prepared,
  canaries: number,
): string | undefined {
  const native = parse(yamlText([{ value: flaggerVirtualService(manifest) }]), manifest.file);
  const planned = plannedOf(prepared);
  const options = { anyWeights: true };
  const { result, failed } = proveRoutes(context, native.manifests, planned, canaries, options);
  if (!failed) context.proofs.push({ title: manifest.title, result });
  return failed;
}

function writeFresh({ context, manifest }: Job, prepared: Prepared): void {
  const { report } = context;
  write(context, manifest, prepared);
  report.carried(manifest, ["spec", "service"], "traffic: the VirtualService that Flagger writes");
  const written = fieldsOf(manifest.at("spec", "service"));
  for (const key of ["targetPort", "portName", "appProtocol"])
    if (written[key] !== undefined)
      report.kept(manifest, ["spec", "service", key], "ports of pods belong to the Services");
  const { name } = flaggerService(manifest);
  if (written.trafficPolicy)
    report.kept(
      manifest,
      ["spec", "service", "trafficPolicy"],
      `keep the DestinationRules ${name}-primary and ${name}-canary, which Flagger made of it`,
    );
}

function changeTwins({ twins }: Context, { route }: Target): void {
  const { schedule, guard, sticky, variants } = route;
  for (const twin of twins.get(route) ?? [])
    Object.assign(twin, structuredClone({ schedule, guard, sticky, variants }));
}

function sayRest({ context: { report }, manifest, target, at }: Job): void {
  const lost: [Path, string][] = [
    [
      [...at, "webhooks"],
      "a proxy runs no tests and waits for no approval: run them from your pipeline before apply",
    ],
    [
      [...at, "alerts"],
      "alert on the metrics gatehouse.canary.* (a rule is in deploy/istio/observability)",
    ],
    [
      ["spec", "progressDeadlineSeconds"],
      "a proxy does not watch Deployments: Kubernetes' own progressDeadlineSeconds does",
    ],
    [["spec", "autoscalerRef"], "a proxy does not scale Deployments"],
    [["spec", "provider"], "there is one: Istio"],
    [["spec", "skipAnalysis"], "remove the schedule to stop a rollout"],
    [["spec", "suspend"], "remove the schedule to stop a rollout"],
    [["spec", "revertOnDeletion"], "a policy that is removed leaves the VirtualService's base"],
  ];
  for (const [path, why] of lost)
    if (manifest.at(...path) !== undefined) report.lost(manifest, path, why);
  report.changed(
    manifest,
    ["spec", "targetRef"],
    `Flagger clones the Deployment; here both versions are yours, as subsets "${target.base}" and "${target.canary}"`,
  );
  report.close(manifest);
}

const stepsMax = 100;

function addSteps({ context: { report }, manifest, target, analysis, at }: Job): void {
  const { interval = "1m", iterations, mirror } = analysis;
  const weights = weightsOf(analysis);
  const millis = millisOf(String(interval));
  if (weights.length > 0 && millis !== undefined) {
    target.route.schedule = scheduleOf(target, weights, millis);
    for (const key of ["interval", "stepWeight", "stepWeights", "maxWeight"])
      if (analysis[key] !== undefined)
        report.changed(
          manifest,
          [...at, key],
          `schedule: ${weights.join(" → ")} → 100 % by the clock; a step is not held back by a check, the guard takes a failing canary out`,
        );
  } else if (analysis.interval !== undefined)
    report.lost(
      manifest,
      [...at, "interval"],
      "without weights there is nothing to do at intervals",
    );
  if (iterations !== undefined)
    report.lost(
      manifest,
      [...at, "iterations"],
      "the filter counts no checks: end the test by applying other settings",
    );
  if (mirror !== undefined)
    report.lost(manifest, [...at, "mirror"], "mirror by traffic variants http.mirror");
}

function weightsOf({ stepWeights, stepWeight, maxWeight = 100 }: Fields): number[] {
  if (stepWeights !== undefined) return listOf(stepWeights).map(Number);
  const [step, most] = [Number(stepWeight ?? 0), Number(maxWeight)];
  if (!(step > 0)) return [];
  return Array.from({ length: stepsMax }, (_, place) => step * (place + 1)).filter(
    (weight) => weight <= most,
  );
}

function scheduleOf(
  { base, canary }: Target,
  weights: readonly number[],
  millis: number,
): Fields[] {
  const wholeSeconds = Math.max(1, Math.round(millis / 1000));
  return [...weights, 100].map((weight, place) => ({
    after: durationOf(wholeSeconds * (place + 1)),
    split: { [base]: 100 - weight, [canary]: weight },
  }));
}

function durationOf(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

function addMatches({ context: { report }, manifest, target, analysis, at }: Job): void {
  if (!Array.isArray(analysis.match)) return;
  const variant = mapsOf(target.route.variants).find(({ name }) => name === target.canary);
  if (!variant) return;
  const tests = mapsOf(analysis.match);
  variant.match = [...mapsOf(variant.match), ...tests.map(matchOf)];
  for (const [index, { sourceLabels }] of tests.entries()) {
    report.carried(manifest, [...at, "match", index], `variant "${target.canary}" match`);
    if (sourceLabels)
      report.lost(
        manifest,
        [...at, "match", index, "sourceLabels"],
        "it selects proxies, not requests",
      );
  }
}

const cookieKeys = ["path", "domain", "sameSite", "secure", "httpOnly", "partitioned"];

function addAffinity({ context: { report }, manifest, target, analysis, at }: Job): void {
  if (!analysis.sessionAffinity) return;
  const affinity = fieldsOf(analysis.sessionAffinity);
  const cookie: Fields = { name: affinity.cookieName };
  if (affinity.maxAge !== undefined) cookie.maxAge = `${String(affinity.maxAge)}s`;
  for (const key of cookieKeys) if (affinity[key] !== undefined) cookie[key] = affinity[key];
  target.route.sticky = { cookie };
  report.changed(
    manifest,
    [...at, "sessionAffinity"],
    "sticky.cookie: its value decides the variant by a hash, so traffic does not drift to the canary",
  );
}

/** The two checks that a proxy can make by itself: answers that fail, and answers that are late. */
function addGuard({ context: { report }, manifest, target, analysis, at }: Job): void {
  const guard: Fields = { variant: target.canary, fallback: target.base };
  for (const [index, metric] of mapsOf(analysis.metrics).entries()) {
    const path = [...at, "metrics", index];
    const { min, max } = fieldsOf(metric.thresholdRange);
    const window = metric.interval ?? analysis.interval ?? "1m";
    if (metric.name === "request-success-rate" && min !== undefined) {
      const percent = Math.round((100 - Number(min)) * 100) / 100;
      Object.assign(guard, { maxFailurePercent: percent, window: guard.window ?? window });
      report.changed(
        manifest,
        path,
        `guard.maxFailurePercent ${percent}: each proxy counts its own answers`,
      );
    } else if (metric.name === "request-duration" && max !== undefined) {
      Object.assign(guard, { slowerThan: `${Number(max)}ms`, window: guard.window ?? window });
      report.changed(
        manifest,
        path,
        `guard.slowerThan ${Number(max)}ms: a late answer counts as a failed one, where Flagger looks at the 99th percentile`,
      );
    } else
      report.lost(
        manifest,
        path,
        `metric "${String(metric.name)}" comes from Prometheus, which a proxy does not ask`,
      );
  }
  if (guard.maxFailurePercent === undefined && guard.slowerThan === undefined) return;
  guard.maxFailurePercent ??= 1;
  target.route.guard = guard;
  if (analysis.threshold !== undefined)
    report.changed(
      manifest,
      [...at, "threshold"],
      "one window over the limit is enough: the guard answers within it, not after several checks",
    );
}
