// `gatehouse migrate`: the manifests people run → settings files on standard output, the report on
// standard error.
import { writeFileSync } from "node:fs";
import type { Cluster } from "../../kube/cluster.ts";
import { partsOf } from "../../core/kustomize.ts";
import { bare } from "../../kube/difference.ts";
import { gatewayOf } from "../../migrate/gateways.ts";
import { migrate } from "../../migrate/migrate.ts";
import type { ProofBounds } from "../../migrate/context.ts";
import { planOf } from "../../migrate/plan.ts";
import type { Report } from "../../migrate/report.ts";
import { countsText, planText, reportText } from "../migration-text.ts";
import type { Answer, Output } from "../output.ts";
import { ToolError, reasonOf, textOf } from "../../core/problem.ts";
import type { Finding } from "../../core/problem.ts";
import { parse, read } from "../../core/source.ts";
import type { Manifest } from "../../core/source.ts";
import { yamlText } from "../../core/yaml-text.ts";
import { clusterOf } from "./cluster.ts";
import type { ClusterFlags } from "./cluster.ts";

export interface MigrateFlags extends ClusterFlags {
  image: string;
  report?: string;
  /** The most time for all proofs together. */
  seconds: string;
  /** Read the cluster, not files. */
  cluster?: boolean;
  /** Labels of gateways, which no file has to say. */
  gateway?: string[];
}

/** Of a plan that is written into a file, or read by a program. */
const fileColumns = 100;

export async function migrateCommand(
  out: Output,
  paths: string[],
  flags: MigrateFlags,
): Promise<Answer> {
  const { manifests, templates } = flags.cluster
    ? { manifests: await manifestsInCluster(await clusterOf(out, flags)), templates: [] }
    : manifestsOf(paths);
  const gateways = (flags.gateway ?? []).map(gatewayOf);
  const migrated = migrate(manifests, flags.image, gateways, boundsOf(out, flags));
  const { documents, report } = migrated;
  if (documents.length === 0) throw nothingToMigrate(manifests, report, templates, flags.report);
  const entries = report.entries.map(({ manifest, path, outcome, note }) => ({
    resource: manifest.title,
    ...manifest.place(path),
    path,
    outcome,
    note,
  }));
  const counts = countsText(report);
  const plan = planOf(migrated);
  const lines = [...templates, ...report.findings()].map(textOf);
  if (flags.report)
    write(flags.report, [...lines, counts, planText(plan, fileColumns), ""].join("\n"));
  const { columns } = out;
  const fields = columns === undefined ? lines : [reportText(report, columns), ""];
  const text = yamlText(
    documents.map(({ value, from }) => ({
      value,
      comments: [
        `Migrated from ${from.map((manifest) => `${manifest.title} (${manifest.file})`).join(", ")}.`,
      ],
    })),
  );
  return {
    ok: true,
    text,
    data: { documents: documents.map(({ value }) => value), report: entries, counts, plan },
    remarks: [...(flags.report ? [] : fields), counts, "", planText(plan, columns ?? fileColumns)],
  };
}

const secondsMost = 3_600;
/** How often a person is told how far it is. */
const progressMillis = 1_000;

/** A limit for the proofs, and word of them on a terminal. */
function boundsOf(out: Output, { seconds }: MigrateFlags): ProofBounds {
  const limit = /^\d+$/.test(seconds) ? Number(seconds) : NaN;
  if (!(limit >= 1 && limit <= secondsMost))
    throw new ToolError(
      "usage",
      `--seconds ${seconds}: write a whole number from 1 to ${secondsMost}`,
    );
  let told = performance.now();
  let proofs = 0;
  return {
    deadlineMillis: performance.now() + limit * 1_000,
    onProof: (title) => {
      proofs++;
      if (out.columns === undefined || performance.now() - told < progressMillis) return;
      told = performance.now();
      out.progress(`comparing ${title}, after ${proofs - 1} others`);
    },
  };
}

/** Says why of each resource: those reasons are all that such a run has to tell. */
function nothingToMigrate(
  manifests: readonly Manifest[],
  report: Report,
  templates: readonly Finding[],
  file: string | undefined,
): ToolError {
  const kinds = [...new Set(manifests.map(({ kind }) => kind).filter(Boolean))].join(", ");
  const reasons = [...templates, ...report.findings()].map(textOf);
  if (file && reasons.length > 0) write(file, `${reasons.join("\n")}\n`);
  return new ToolError(
    "input",
    [
      `nothing to migrate among ${kinds || "what was read"}: it reads RequestAuthentication, AuthorizationPolicy, EnvoyFilter with local_ratelimit, BackendTrafficPolicy, VirtualService, Canary, Telemetry and MeshConfig`,
      ...reasons,
      ...(manifests.length > 0 ? [countsText(report)] : []),
    ].join("\n"),
  );
}

/** The kinds that migrate reads, as a current Istio serves them. */
const readable: [apiVersion: string, kind: string][] = [
  ["security.istio.io/v1", "RequestAuthentication"],
  ["security.istio.io/v1", "AuthorizationPolicy"],
  ["networking.istio.io/v1alpha3", "EnvoyFilter"],
  ["networking.istio.io/v1", "Gateway"],
  ["networking.istio.io/v1", "VirtualService"],
  ["telemetry.istio.io/v1", "Telemetry"],
  ["gateway.networking.k8s.io/v1", "Gateway"],
  ["flagger.app/v1beta1", "Canary"],
  ["gateway.envoyproxy.io/v1alpha1", "BackendTrafficPolicy"],
  ["gateway.envoyproxy.io/v1alpha1", "SecurityPolicy"],
];

/** Everything migrate reads in a live cluster; kinds it does not have are left out. */
async function manifestsInCluster(cluster: Cluster): Promise<Manifest[]> {
  const lists = await Promise.all(
    readable.map(([apiVersion, kind]) => cluster.list(apiVersion, kind)),
  );
  const mesh = await cluster.read({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "istio", namespace: "istio-system" },
  });
  const resources = [
    ...lists.flatMap((list) => list ?? []),
    ...(mesh ? [{ ...mesh, apiVersion: "v1", kind: "ConfigMap" }] : []),
  ];
  if (resources.length === 0)
    throw new ToolError(
      "cluster",
      "the cluster has nothing of what migrate reads; name files, or another --context",
    );
  return parse(yamlText(resources.map((resource) => ({ value: bare(resource) }))), "the cluster")
    .manifests;
}

/** Files with placeholders are named and left out; other mistakes of syntax end the run. */
function manifestsOf(paths: string[]): { manifests: Manifest[]; templates: Finding[] } {
  if (paths.length === 0)
    throw new ToolError(
      "usage",
      "nothing to read; name files, folders or -, or read the cluster with --cluster",
    );
  const { manifests, findings } = read(paths);
  const parts = partsOf(manifests);
  const broken = findings.filter(
    ({ severity, place }) => severity === "error" && !parts.has(place.file),
  );
  const templates = broken.filter(({ rule }) => rule === "template");
  const mistakes = broken.filter((finding) => !templates.includes(finding)).map(textOf);
  if (mistakes.length > 0) throw new ToolError("input", mistakes.join("\n"));
  return { manifests, templates };
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new ToolError("input", `cannot write the report: ${reasonOf(error)}`, { cause: error });
  }
}
