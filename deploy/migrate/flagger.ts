// Flagger Canary → schedule and guard of a canary route. The filter ramps by the clock and watches responses; Flagger's
// judgement by Prometheus, its webhooks and its Deployments have no counterpart in a proxy.
import type { Manifest, Path } from "../core/source.ts";
import { listOf } from "./context.ts";
import type { Context } from "./context.ts";
import { millisOf } from "../core/schedule.ts";
import { fieldsOf, mapsOf } from "../core/value.ts";
import { flaggerService } from "../native/routing/flagger.ts";
import { emit } from "./routes/emit.ts";
import type { Release } from "./routes/release.ts";
import { stringMatch } from "./matchers.ts";

/**
 * The route's variants as Flagger calls them, or as a VirtualService that was read with it does.
 */
interface Target {
  route: any;
  base: string;
  canary: string;
}

export function migrateFlagger(context: Context, manifest: Manifest): void {
  const { report } = context;
  const { spec } = manifest.value;
  const reason = reasonToStay(manifest);
  if (reason) {
    report.kept(manifest, ["spec"], `stays native: ${reason}`);
    return;
  }
  const target = existing(context, manifest) ?? fresh(context, manifest);
  const analysis = spec.analysis ?? spec.canaryAnalysis ?? {};
  const at = ["spec", spec.analysis ? "analysis" : "canaryAnalysis"];
  addSteps(context, manifest, target, analysis, at);
  addMatches(context, manifest, target, analysis, at);
  addAffinity(context, manifest, target, analysis, at);
  addGuard(context, manifest, target, analysis, at);
  const { schedule, guard, sticky, variants } = target.route;
  for (const twin of context.twins.get(target.route) ?? [])
    Object.assign(twin, structuredClone({ schedule, guard, sticky, variants }));
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
    if (path.reduce((node: any, step) => node?.[step], manifest.value) !== undefined)
      report.lost(manifest, path, why);
  report.changed(
    manifest,
    ["spec", "targetRef"],
    `Flagger clones the Deployment; here both versions are yours, as subsets "${target.base}" and "${target.canary}"`,
  );
  report.close(manifest);
}

function reasonToStay({ value }: Manifest): string | undefined {
  const { service = {} } = value.spec;
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
    manifest.value.spec?.service?.name ?? manifest.value.spec?.targetRef?.name ?? manifest.name;
  for (const draft of context.drafts.all()) {
    const traffic = draft.traffic.find(
      (entry) =>
        entry.namespace === manifest.namespace && String(entry.host).split(".")[0] === service,
    );
    const route = draft.filters.canary?.routes.find(
      (candidate: any) => candidate.name === traffic?.route,
    );
    if (!route) continue;
    const split: [string, number][] = Object.entries(route.split ?? {});
    const base = split.sort((a, b) => b[1] - a[1])[0]?.[0] ?? route.variants.at(-1).name;
    const canary = route.variants.find(
      (variant: any) =>
        variant.name !== base && (variant.name === "canary" || variant.name in (route.split ?? {})),
    )?.name;
    if (!canary) continue;
    context.report.changed(
      manifest,
      ["spec", "service"],
      `the VirtualService for ${service} is migrated already: its route "${route.name}" gets the schedule and the guard`,
    );
    draft.sources.push(manifest);
    return { route, base, canary };
  }
  return undefined;
}

/** A route of its own, to the two services that Flagger makes, and the VirtualService that Flagger writes. */
function fresh(context: Context, manifest: Manifest): Target {
  const { report } = context;
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
  const { route } = emit(context, manifest, service, release);
  report.carried(manifest, ["spec", "service"], "traffic: the VirtualService that Flagger writes");
  const { service: written = {} } = manifest.value.spec;
  for (const key of ["targetPort", "portName", "appProtocol"])
    if (written[key] !== undefined)
      report.kept(manifest, ["spec", "service", key], "ports of pods belong to the Services");
  if (written.trafficPolicy)
    report.kept(
      manifest,
      ["spec", "service", "trafficPolicy"],
      `keep the DestinationRules ${service.name}-primary and ${service.name}-canary, which Flagger made of it`,
    );
  return { route, base: "primary", canary: "canary" };
}

function addSteps(
  context: Context,
  manifest: Manifest,
  target: Target,
  analysis: any,
  at: Path,
): void {
  const { report } = context;
  const { interval = "1m", maxWeight = 100, stepWeight, stepWeights, iterations } = analysis;
  const weights: number[] =
    stepWeights ?? (stepWeight ? steps(Number(stepWeight), Number(maxWeight)) : []);
  const millis = millisOf(String(interval));
  if (weights.length > 0 && millis !== undefined) {
    const wholeSeconds = Math.max(1, Math.round(millis / 1000));
    const ramp = weights.map((weight, index) => ({
      after: seconds(wholeSeconds * (index + 1)),
      split: { [target.base]: 100 - weight, [target.canary]: weight },
    }));
    const end = {
      after: seconds(wholeSeconds * (weights.length + 1)),
      split: { [target.base]: 0, [target.canary]: 100 },
    };
    target.route.schedule = [...ramp, end];
    for (const key of ["interval", "stepWeight", "stepWeights", "maxWeight"]) {
      if (analysis[key] !== undefined)
        report.changed(
          manifest,
          [...at, key],
          `schedule: ${weights.join(" → ")} → 100 % by the clock; a step is not held back by a check, the guard takes a failing canary out`,
        );
    }
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
  if (analysis.mirror !== undefined)
    report.lost(manifest, [...at, "mirror"], "mirror by traffic variants http.mirror");
}

function steps(step: number, max: number): number[] {
  const weights: number[] = [];
  for (let weight = step; weight <= max && weights.length < 100; weight += step)
    weights.push(weight);
  return weights;
}

function seconds(count: number): string {
  return count % 3600 === 0
    ? `${count / 3600}h`
    : count % 60 === 0
      ? `${count / 60}m`
      : `${count}s`;
}

function addMatches(
  context: Context,
  manifest: Manifest,
  target: Target,
  analysis: any,
  at: Path,
): void {
  if (!Array.isArray(analysis.match)) return;
  const variant = target.route.variants.find((candidate: any) => candidate.name === target.canary);
  variant.match ??= [];
  analysis.match.forEach((match: any, index: number) => {
    const { sourceLabels, ...rest } = match ?? {};
    for (const key of ["headers", "queryParams", "withoutHeaders"]) {
      if (rest[key])
        rest[key] = Object.fromEntries(
          Object.entries(rest[key]).map(([name, value]) => [name, stringMatch(value)]),
        );
    }
    variant.match.push(rest);
    context.report.carried(manifest, [...at, "match", index], `variant "${target.canary}" match`);
    if (sourceLabels)
      context.report.lost(
        manifest,
        [...at, "match", index, "sourceLabels"],
        "it selects proxies, not requests",
      );
  });
}

function addAffinity(
  context: Context,
  manifest: Manifest,
  target: Target,
  analysis: any,
  at: Path,
): void {
  const affinity = analysis.sessionAffinity;
  if (!affinity) return;
  const cookie: any = { name: affinity.cookieName };
  if (affinity.maxAge !== undefined) cookie.maxAge = `${affinity.maxAge}s`;
  for (const key of ["path", "domain", "sameSite", "secure", "httpOnly", "partitioned"])
    if (affinity[key] !== undefined) cookie[key] = affinity[key];
  target.route.sticky = { cookie };
  context.report.changed(
    manifest,
    [...at, "sessionAffinity"],
    "sticky.cookie: its value decides the variant by a hash, so traffic does not drift to the canary",
  );
}

/** The two checks that a proxy can make by itself: answers that fail, and answers that are late. */
function addGuard(
  context: Context,
  manifest: Manifest,
  target: Target,
  analysis: any,
  at: Path,
): void {
  const { report } = context;
  const guard: any = { variant: target.canary, fallback: target.base };
  listOf(analysis.metrics).forEach((metric, index) => {
    const path = [...at, "metrics", index];
    const range = metric?.thresholdRange ?? {};
    if (metric?.name === "request-success-rate" && range.min !== undefined) {
      guard.maxFailurePercent = Math.round((100 - Number(range.min)) * 100) / 100;
      guard.window ??= metric.interval ?? analysis.interval ?? "1m";
      report.changed(
        manifest,
        path,
        `guard.maxFailurePercent ${guard.maxFailurePercent}: judged in each proxy on its own answers`,
      );
    } else if (metric?.name === "request-duration" && range.max !== undefined) {
      guard.slowerThan = `${range.max}ms`;
      guard.window ??= metric.interval ?? analysis.interval ?? "1m";
      report.changed(
        manifest,
        path,
        `guard.slowerThan ${guard.slowerThan}: a late answer counts as a failed one, where Flagger looks at the 99th percentile`,
      );
    } else
      report.lost(
        manifest,
        path,
        `metric "${metric?.name}" comes from Prometheus, which a proxy does not ask`,
      );
  });
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
