// `gatehouse try`: the built filters on a described request, or on a table of requests with expectations.
import { differences } from "../emulator/expectation.ts";
import type { Case } from "../emulator/cases.ts";
import type { Request } from "../emulator/exchange.ts";
import { load } from "../load.ts";
import type { Answer } from "../output.ts";
import { ToolError, hasErrors, textOf } from "../problem.ts";
import { readCaseFile } from "../try/case-file.ts";
import { inOrder, keySets, proxyOf } from "../try/chain.ts";
import type { Scripted } from "../try/chain.ts";
import { explain } from "../try/explain.ts";
import type { Explained, Verdict } from "../try/explain.ts";
import { routingOf } from "../try/route.ts";
import { isPlugin, pluginOf, pluginsOf } from "../validate/plugin.ts";
import { momentOf } from "./render.ts";

export interface TryFlags {
  file: string[];
  policy?: string;
  cases?: string;
  method?: string;
  path?: string;
  authority?: string;
  header: string[];
  source?: string;
  body?: string;
  repeat: string;
  status?: string;
  time?: string;
  jwks: string[];
  verbose?: boolean;
}

export function tryCommand(flags: TryFlags): Answer {
  const file = flags.cases ? readCaseFile(flags.cases) : undefined;
  const start = momentOf("--time", flags.time ?? file?.start);
  const { links, routing } = chainOf(flags, start);
  const script: Scripted[] = [...(file?.calls ?? []), ...keySets(flags.jwks, links)];
  const proxy = proxyOf(links, script, start);
  if (!file) {
    const runs = explain(proxy, links, caseOf(flags), routing);
    return {
      ok: true,
      text: runs.map((run) => runText(run, caseOf(flags).request ?? {})).join("\n"),
      data: { requests: runs },
    };
  }
  const results = file.cases.map((each, at) => {
    const runs = explain(proxy, links, each, routing);
    const wrong = runs.flatMap(({ observed }) => differences(observed, each.expect ?? {}));
    return {
      name: each.name,
      ok: wrong.length === 0,
      differences: [...new Set(wrong)],
      runs,
      request: each.request ?? {},
      line: file.manifest.place([...file.at, at, "name"]).line,
    };
  });
  proxy.shutdown();
  const failed = results.filter(({ ok }) => !ok);
  const lines = results.flatMap(({ name, ok, differences, runs, request, line }) => [
    `${ok ? "ok  " : "FAIL"} ${name}${ok ? "" : ` (${file.manifest.file}:${line})`}`,
    ...differences.map((difference) => `       ${difference}`),
    ...(ok && !flags.verbose ? [] : [indented(runText(runs.at(-1)!, request))]),
  ]);
  const counts = `${results.length - failed.length} passed, ${failed.length} failed`;
  return {
    ok: failed.length === 0,
    text: [...lines, counts].join("\n"),
    data: { cases: results, passed: results.length - failed.length, failed: failed.length },
  };
}

/** The filters of the chosen place, and what the mesh routes after them. */
function chainOf(flags: TryFlags, start: Date) {
  const loaded = load(flags.file);
  if (hasErrors(loaded.findings))
    throw new ToolError("invalid", `these settings cannot be used:\n${loaded.findings.map(textOf).join("\n")}`);
  const isChosen = (name: string, namespace: string) =>
    !flags.policy || flags.policy === name || flags.policy === `${namespace}/${name}`;
  const policies = loaded.policies.filter((policy) => isChosen(policy.name, policy.namespace));
  const resources = flags.policy ? [] : loaded.others.filter(isPlugin).flatMap((manifest) => pluginOf(manifest) ?? []);
  const plugins = [...policies.flatMap((policy) => pluginsOf(policy, "WasmPlugin", start).plugins), ...resources];
  const links = inOrder(plugins);
  if (links.length === 0) {
    const names = loaded.policies.map(({ name }) => name).join(", ");
    const what = flags.policy ? `no policy is called ${flags.policy}` : "no filter of ours is configured there";
    throw new ToolError("usage", names ? `${what}, there are ${names}` : what);
  }
  return { links, routing: routingOf(loaded.policies, loaded.others) };
}

function caseOf(flags: TryFlags): Case {
  const headers = flags.header.map((text): [string, string] => {
    const at = text.indexOf(":", 1);
    if (at < 0) throw new ToolError("usage", `--header "${text}": write "name: value"`);
    return [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()];
  });
  const repeat = Number(flags.repeat);
  if (!Number.isInteger(repeat) || repeat < 1 || repeat > 100_000)
    throw new ToolError("usage", `--repeat ${flags.repeat}: write a number from 1 to 100000`);
  const { method, path, authority, source, body } = flags;
  const request: Request = {
    ...(method && { method }),
    ...(path && { path }),
    ...(authority && { authority }),
    ...(source && { sourceAddress: source }),
    ...(body && { body }),
    headers,
  };
  const status = Number(flags.status ?? 200);
  if (!Number.isInteger(status) || status < 100 || status > 599)
    throw new ToolError("usage", `--status ${flags.status}: write what the service answers, 100 to 599`);
  return { name: "request", request, response: { status }, repeat };
}

function runText({ observed, filters, route }: Explained, request: Request): string {
  const head = `${request.method ?? "GET"} ${request.path ?? "/"} → ${observed.status}${observed.details ? ` (${observed.details})` : ""}`;
  const width = Math.max(...filters.map(({ filter }) => filter.length));
  const handed = (["variant", "limit", "reason"] as const)
    .filter((key) => observed[key] !== undefined)
    .map((key) => `${key} ${observed[key]}`);
  const tail = [
    observed.upstreamHeaders
      ? `  route: ${route ?? "no VirtualService here has this host"}`
      : "  route: it reached no service",
    ...(handed.length > 0 ? [`  handed on: ${handed.join(", ")}`] : []),
    ...(observed.log !== undefined ? [`  log: ${observed.log}`] : []),
  ];
  return [head, ...filters.flatMap((verdict) => verdictText(verdict, width)), ...tail].join("\n");
}

function verdictText(verdict: Verdict, width: number): string[] {
  const counted = Object.entries(verdict.counted)
    .map(([name, by]) => `${name} +${by}`)
    .join(", ");
  const lines = [`  ${verdict.filter.padEnd(width)}  ${verdict.verdict}${counted ? `  [${counted}]` : ""}`];
  const pad = " ".repeat(width + 4);
  for (const { header, value } of verdict.requestHeaders)
    lines.push(
      `${pad}${value === undefined ? `request header ${header} taken away` : `request header ${header}: ${value}`}`,
    );
  for (const { header, value } of verdict.responseHeaders)
    lines.push(
      `${pad}${value === undefined ? `response header ${header} taken away` : `response header ${header}: ${value}`}`,
    );
  return lines;
}

function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `       ${line}`)
    .join("\n");
}
