// `gatehouse render`: settings → resources, as text. With paths it is a filter: a Helm
// post-renderer, a KRM function, a plugin of Argo CD.
import { oldestTrafficExtension, olderThan } from "../../core/catalog.ts";
import { loadPolicies } from "../../core/load.ts";
import type { Policy } from "../../core/policy.ts";
import { sourcesOf } from "../../core/source.ts";
import type { Answer, Output } from "../output.ts";
import { ToolError } from "../../core/problem.ts";
import { countsFromNow, filter } from "../../render/filter.ts";
import { render } from "../../render/render.ts";
import type { Api, Resource } from "../../core/resource.ts";
import { yamlText } from "../../core/yaml-text.ts";

export interface RenderFlags {
  file?: string[];
  api: string;
  at?: string;
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
  const documents = loadPolicies(flags.file!).policies.flatMap((policy) => {
    const comments = [
      `Rendered by gatehouse from ${policy.manifest.file}: change the settings there, not here.`,
    ];
    return rendered(policy, api, start).map((value, at) => ({
      value,
      comments: at === 0 ? comments : undefined,
    }));
  });
  return {
    ok: true,
    text: yamlText(documents),
    data: { resources: documents.map(({ value }) => value) },
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
