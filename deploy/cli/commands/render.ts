// `gatehouse render`: settings → resources, as text.
import { oldestTrafficExtension, olderThan } from "../../core/catalog.ts";
import { loadPolicies } from "../../core/load.ts";
import type { Answer, Output } from "../output.ts";
import { ToolError } from "../../core/problem.ts";
import { render } from "../../render/render.ts";
import type { Api, Resource } from "../../core/resource.ts";
import { yamlText } from "../../core/yaml-text.ts";

export interface RenderFlags {
  file: string[];
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

export function renderCommand(_out: Output, flags: RenderFlags): Answer {
  const api = apiOf(flags.api);
  const start = momentOf("--at", flags.at);
  const documents: { value: Resource; comments?: string[] }[] = [];
  for (const policy of loadPolicies(flags.file).policies) {
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
    const resources = render(policy, { api, start });
    const comments = [
      `Rendered by gatehouse from ${policy.manifest.file}: change the settings there, not here.`,
    ];
    resources.forEach((value, at) =>
      documents.push({ value, comments: at === 0 ? comments : undefined }),
    );
  }
  return {
    ok: true,
    text: yamlText(documents),
    data: { resources: documents.map(({ value }) => value) },
  };
}
