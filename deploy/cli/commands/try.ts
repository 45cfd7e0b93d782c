// `gatehouse try`: the built filters on a described request, or on a table of requests with
// expectations.
import { differences } from "../../emulator/expectation.ts";
import type { Case } from "../../emulator/cases.ts";
import type { Request } from "../../emulator/exchange.ts";
import { load } from "../../core/load.ts";
import type { Answer, Output } from "../output.ts";
import { ToolError, hasErrors, textOf } from "../../core/problem.ts";
import { readCaseFile } from "../../try/case-file.ts";
import { answersOf, inOrder, issuerFor, keySets, proxyOf } from "../../try/chain.ts";
import type { Scripted } from "../../try/chain.ts";
import { explain } from "../../try/explain.ts";
import type { Explained } from "../../try/explain.ts";
import { filled } from "../../try/placeholders.ts";
import { hostOf, routingOf } from "../../try/route.ts";
import { indented, runText, runsText } from "../../try/text.ts";
import { isPlugin, pluginsIn, pluginsOf } from "../../validate/plugin.ts";
import { momentOf } from "./render.ts";

export interface TryFlags {
  file: string[];
  policy?: string;
  cases?: string;
  method?: string;
  path?: string;
  authority?: string;
  header?: string[];
  source?: string;
  body?: string;
  repeat: string;
  status?: string;
  time?: string;
  jwks?: string[];
  /** Words that describe a token; true: none were given. */
  token?: string | true;
  verbose?: boolean;
}

export function tryCommand(_out: Output, flags: TryFlags): Answer {
  const file = flags.cases ? readCaseFile(flags.cases) : undefined;
  const start = momentOf("--time", flags.time ?? file?.start);
  const { links, routing } = chainOf(flags, start);
  const issuer = issuerFor(links);
  const cases = file?.cases ?? [caseOf({ authority: hostOf(routing), ...flags })];
  // Once for nothing: the issuer's keys must be there before the filters ask for them.
  filled(cases, issuer, 0);
  const script: Scripted[] = [
    ...(file?.calls ?? []),
    ...keySets(flags.jwks ?? [], links),
    ...answersOf(issuer, links),
  ];
  const proxy = proxyOf(links, script, start);
  const results = cases.map((each, at) => {
    const runs = explain(proxy, links, each, routing, issuer);
    const wrong = runs.flatMap(({ observed }) => differences(observed, each.expect ?? {}));
    const line = file?.manifest.place([...file.at, at, "name"]).line;
    const request = each.request ?? {};
    return {
      name: each.name,
      ok: wrong.length === 0,
      differences: [...new Set(wrong)],
      line,
      request,
      runs,
    };
  });
  proxy.shutdown();
  return file
    ? tableAnswer(file.manifest.file, results, flags.verbose)
    : requestAnswer(results[0]!);
}

interface Result {
  name: string;
  ok: boolean;
  differences: string[];
  line?: number;
  request: Request;
  runs: Explained[];
}

function requestAnswer({ runs, request }: Result): Answer {
  return { ok: true, text: runsText(runs, request), data: { requests: runs } };
}

/**
 * A case that is as expected is one line, unless more is asked for; one that is not is explained.
 */
function tableAnswer(file: string, results: Result[], isVerbose = false): Answer {
  const failed = results.filter(({ ok }) => !ok).length;
  const passed = results.length - failed;
  const lines = results.flatMap(({ name, ok, differences, runs, request, line }) => [
    `${ok ? "ok  " : "FAIL"} ${name}${ok ? "" : ` (${file}:${line})`}`,
    ...differences.map((difference) => `       ${difference}`),
    ...(ok && !isVerbose ? [] : [indented(runText(runs.at(-1)!, request))]),
  ]);
  return {
    ok: failed === 0,
    text: [...lines, `${passed} passed, ${failed} failed`].join("\n"),
    data: { cases: results, passed, failed },
  };
}

/** The filters of the chosen place, and what the mesh routes after them. */
export function chainOf(flags: Pick<TryFlags, "file" | "policy">, start: Date) {
  const loaded = load(flags.file);
  if (hasErrors(loaded.findings))
    throw new ToolError(
      "invalid",
      `these settings cannot be used:\n${loaded.findings.map(textOf).join("\n")}`,
    );
  const isChosen = (name: string, namespace: string) =>
    !flags.policy || flags.policy === name || flags.policy === `${namespace}/${name}`;
  const policies = loaded.policies.filter((policy) => isChosen(policy.name, policy.namespace));
  const resources = flags.policy ? [] : loaded.others.filter(isPlugin).flatMap(pluginsIn);
  const plugins = [
    ...policies.flatMap((policy) => pluginsOf(policy, "WasmPlugin", start).plugins),
    ...resources,
  ];
  const links = inOrder(plugins);
  if (links.length === 0) {
    const names = loaded.policies.map(({ name }) => name).join(", ");
    const what = flags.policy
      ? `no policy is called ${flags.policy}`
      : "no filter of ours is configured there";
    throw new ToolError("usage", names ? `${what}, there are ${names}` : what);
  }
  return { links, routing: routingOf(loaded.policies, loaded.others) };
}

function caseOf(flags: TryFlags): Case {
  const headers = (flags.header ?? []).map((text): [string, string] => {
    const at = text.indexOf(":", 1);
    if (at < 0) throw new ToolError("usage", `--header "${text}": write "name: value"`);
    return [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()];
  });
  if (flags.token)
    headers.push(["authorization", `Bearer {{token ${flags.token === true ? "" : flags.token}}}`]);
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
    throw new ToolError(
      "usage",
      `--status ${flags.status}: write what the service answers, 100 to 599`,
    );
  return { name: "request", request, response: { status }, repeat };
}
