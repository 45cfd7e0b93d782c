// What to do with what `migrate` wrote: in which order, how to watch it, and how to go back.
import { catalog, filterNames } from "../core/catalog.ts";
import { wordsIn, replacesAnnotation } from "../core/migrated.ts";
import { isFields } from "../core/value.ts";
import type { Manifest } from "../core/source.ts";
import type { Migrated } from "./migrate.ts";
import type { Resource } from "../core/resource.ts";

export interface PlanStep {
  what: string;
  /** Commands, to be run as they are. */
  commands: string[];
  /** What happens, and what to look at. */
  notes: string[];
}

/** Where the written documents are, in commands. */
const file = "policies.yaml";

export function planOf(migrated: Migrated): PlanStep[] {
  const policies = migrated.documents
    .map(({ value }) => value)
    .filter(({ kind }) => kind === "Policy");
  return [
    {
      what: `Read the report above, and keep what was written as ${file}.`,
      commands: [`npx gatehouse validate ${file}`],
      notes: [],
    },
    ...flaggerSteps(migrated),
    watchStep(policies),
    applyStep(migrated),
    ...handSteps(migrated),
    ...keepSteps(migrated),
    backStep(policies),
  ];
}

function watchStep(policies: readonly Resource[]): PlanStep {
  const filters = filterNames.filter((name) =>
    policies.some(({ spec }) => isFields(spec) && spec[name] !== undefined),
  );
  return {
    what: "Watch. The plugins only count (mode: report); the native resources decide.",
    commands: [
      `npx gatehouse apply -f ${file} --report`,
      "kubectl exec -n <namespace> <pod> -c istio-proxy -- pilot-agent request GET stats | grep -E 'gatehouse|jwt_authn|rate_limit'",
    ],
    notes: filters.map((name) => `Look at ${catalog[name].figures}.`),
  };
}

function applyStep({ replaced, rewritten, report }: Migrated): PlanStep {
  const written = rewritten.map(
    ({ value, isNew }) => `${titleOf(value)}${isNew ? ", new beside the one that stays" : ""}`,
  );
  const notes = ["The plugins go first."];
  if (written.length > 0)
    notes.push(`Then the policies that read the plugins' headers: ${written.join("; ")}.`);
  if (replaced.length > 0)
    notes.push(`Then it deletes ${replaced.map(({ title }) => title).join(", ")}.`);
  if (written.length + replaced.length > 0)
    notes.push(
      "It waits between these steps (--pause). After each of them no request passes that did not pass before. If it breaks off, run it again.",
    );
  const routes = read(report, "VirtualService", ["migrated", "in part"]);
  if (routes.length > 0)
    notes.push(`It writes over ${routes.map(({ title }) => title).join(", ")}, as last of all.`);
  // What Flagger wrote was not among what was read.
  const isOthers = read(report, "Canary", ["migrated", "in part"]).length > 0;
  if (isOthers) notes.push("--force takes over the VirtualServices that Flagger wrote.");
  return {
    what: "Enforce.",
    commands: [`npx gatehouse apply -f ${file}${isOthers ? " --force" : ""}`],
    notes,
  };
}

/** Flagger writes routes and weights again, and owns the Services and routes that it made. */
function flaggerSteps({ report }: Migrated): PlanStep[] {
  const canaries = read(report, "Canary", ["migrated", "in part"]);
  if (canaries.length === 0) return [];
  return [
    {
      what: "Take the release away from Flagger, when no rollout is running.",
      commands: canaries.map(
        ({ namespace, name }) => `kubectl delete canary -n ${namespace} ${name} --cascade=orphan`,
      ),
      notes: [
        "Without --cascade=orphan Kubernetes also deletes the Services and the VirtualService that Flagger made.",
      ],
    },
  ];
}

/** What `apply` cannot change: the mesh's own settings. */
function handSteps({ report }: Migrated): PlanStep[] {
  const kinds = ["Telemetry", "IstioOperator", "ConfigMap", "Istio", ""];
  const changed = [...report.documents()].filter(
    ([manifest, outcome]) =>
      kinds.includes(manifest.kind) && (outcome === "migrated" || outcome === "in part"),
  );
  if (changed.length === 0) return [];
  const titles = changed.map(([{ title, file }]) => `${title} (${file})`).join(", ");
  return [
    {
      what: "Change the mesh's log by hand.",
      commands: [],
      notes: [`As the report says: ${titles}. Until then each line may be there twice.`],
    },
  ];
}

/** What stays must not be taken for a leftover. */
function keepSteps({ report }: Migrated): PlanStep[] {
  const kinds = [
    "RequestAuthentication",
    "AuthorizationPolicy",
    "EnvoyFilter",
    "VirtualService",
    "Telemetry",
    "BackendTrafficPolicy",
  ];
  const kept = new Set(
    kinds.flatMap((kind) => read(report, kind, ["kept"])).map(({ title }) => title),
  );
  if (kept.size === 0) return [];
  return [
    {
      what: "Leave what stays native.",
      commands: [],
      notes: [`It goes on working: ${[...kept].join(", ")}.`],
    },
  ];
}

function backStep(policies: readonly Resource[]): PlanStep {
  const names = policies.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  const hasNative = policies.some((policy) => wordsIn(policy, replacesAnnotation).length > 0);
  const what = "To go back, at any time";
  return {
    what: hasNative
      ? `${what}: the native resources return first, the plugins go last.`
      : `${what}.`,
    commands: [`npx gatehouse rollback ${names.join(" ")} --to native`],
    notes: [],
  };
}

function read(
  report: Migrated["report"],
  kind: string,
  outcomes: readonly string[],
): readonly Manifest[] {
  return [...report.documents()]
    .filter(([manifest, outcome]) => manifest.kind === kind && outcomes.includes(outcome))
    .map(([manifest]) => manifest);
}

function titleOf({ kind, metadata }: Resource): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}
