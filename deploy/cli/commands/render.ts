// `gatehouse render`: settings → resources, as text. With paths it is a filter: a Helm
// post-renderer, a KRM function, a plugin of Argo CD.
import { marksIn } from "../../core/migrated.ts";
import { companionsOf } from "../../kube/natives.ts";
import { keepingToken } from "../../render/transition.ts";
import { documentsOf } from "./documents.ts";
import { oldestTrafficExtension, olderThan } from "../../core/catalog.ts";
import { loadPolicies } from "../../core/load.ts";
import type { Policy } from "../../core/policy.ts";
import { sourcesOf } from "../../core/source.ts";
import type { Answer, Output } from "../output.ts";
import { ToolError } from "../../core/problem.ts";
import { countsFromNow, filter } from "../../render/filter.ts";
import { render } from "../../render/render.ts";
import { titleOf } from "../../core/resource.ts";
import type { Api, Resource } from "../../core/resource.ts";
import { yamlText } from "../../core/yaml-text.ts";

export interface RenderFlags {
  file?: string[];
  api: string;
  at?: string;
  /** Plugins as they have to be while the native resources are still there. */
  beside?: boolean;
}

/** The API by the name people type. */
export function apiOf(name: string): Api {
  const names: Record<string, Api> = {
    wasmplugin: "WasmPlugin",
    trafficextension: "TrafficExtension",
  };
  const api = names[name.toLowerCase()];
  if (!api)
    throw new ToolError(
      "usage",
      `--api ${name}: no such API; write WasmPlugin or TrafficExtension`,
    );
  return api;
}

/** A moment from a flag (RFC 3339), or now. */
export function momentOf(flag: string, text: string | undefined): Date {
  if (text === undefined) return new Date();
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) {
    throw new ToolError("usage", `${flag} ${text}: no moment; write one like 2026-01-31T12:00:00Z`);
  }
  return moment;
}

export function renderCommand(_out: Output, paths: string[], flags: RenderFlags): Answer {
  const api = apiOf(flags.api);
  const start = momentOf("--at", flags.at);
  if (paths.length > 0 === (flags.file !== undefined))
    throw new ToolError(
      "usage",
      "the input is not clear; name either paths, whose other documents are kept, or settings files with -f",
    );
  if (paths.length > 0) return filtered(paths, (policy) => rendered(policy, api, start), flags);
  const documents: { value: Resource; comments?: string[] }[] = [];
  const { policies, others } = loadPolicies(flags.file!);
  const extra = documentsOf(others);
  const companions = new Set<Resource>();
  for (const policy of policies) {
    const comments = [
      `Rendered by gatehouse from ${policy.manifest.file}: change the settings there, not here.`,
    ];
    rendered(policy, api, start).forEach((resource, at) =>
      documents.push({
        value: flags.beside ? keepingToken(resource) : resource,
        comments: at === 0 ? comments : undefined,
      }),
    );
    for (const one of companionsOf(policy, extra, policies)) companions.add(one);
  }
  if (!flags.beside)
    for (const value of companions)
      documents.push({
        value,
        comments: ["It reads headers of the plugins above: apply them first."],
      });
  const left = extra.filter((one) => !companions.has(one)).map(titleOf);
  return {
    ok: true,
    text: yamlText(documents),
    data: { resources: documents.map(({ value }) => value) },
    remarks: [
      ...(left.length > 0 ? [`not part of a policy, and left out: ${left.join(", ")}`] : []),
      ...orderRemarks(policies, [...companions]),
    ],
  };
}

function rendered(policy: Policy, api: Api, start: Date): Resource[] {
  if (
    api === "TrafficExtension" &&
    policy.istio &&
    olderThan(policy.istio, oldestTrafficExtension)
  ) {
    const place = policy.manifest.place(["spec", "istio"]);
    throw new ToolError(
      "invalid",
      `Istio ${policy.istio} has no TrafficExtension (it came with ${oldestTrafficExtension}); use --api WasmPlugin`,
      { place },
    );
  }
  return render(policy, { api, start });
}

/** The documents of paths, with settings files replaced. */
function filtered(
  paths: string[],
  made: (policy: Policy) => Resource[],
  { at }: RenderFlags,
): Answer {
  const { text, resources, left } = filter(sourcesOf(paths), (policy) => {
    if (at === undefined && countsFromNow(policy))
      throw new ToolError(
        "usage",
        "a schedule with `after` would begin again at each rendering; write `at` there, or give --at",
        { place: policy.manifest.place(["spec", "canary"]) },
      );
    return made(policy);
  });
  return { ok: true, text, data: { resources }, remarks: left.map((line) => `left out: ${line}`) };
}

/** For whoever applies with another tool: `apply` takes this order by itself. */
function orderRemarks(policies: readonly Policy[], companions: readonly Resource[]): string[] {
  const gone = policies.flatMap(({ manifest }) => marksIn(manifest.fields).replaces);
  if (gone.length === 0) return [];
  const names = companions.map(titleOf).join(", ");
  return [
    "these settings replace native resources; gatehouse apply takes the steps in order, another tool has to:",
    "  1. apply what render --beside prints, and wait until the proxies have it",
    ...(names ? [`  2. apply ${names}, and wait`] : []),
    `  ${names ? 3 : 2}. delete ${[...new Set(gone)].join(", ")}`,
    `  ${names ? 4 : 3}. apply what render prints`,
  ];
}
