// `gatehouse try`: the built filters on a described request, or on a table of requests with
// expectations.
import type { Case } from "../../emulator/cases.ts";
import type { Request } from "../../emulator/exchange.ts";
import type { Answer, Output } from "../output.ts";
import { ToolError } from "../../core/problem.ts";
import { readCaseFile } from "../../try/case-file.ts";
import { keySets } from "../../try/chain.ts";
import { hostOf } from "../../try/route.ts";
import { chainOf, runCases } from "../../try/run.ts";
import type { TryResult } from "../../try/run.ts";
import { indented, runText, runsText } from "../../try/text.ts";
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
  const { links, routing } = chainOf({ files: flags.file, policy: flags.policy }, start);
  const cases = file?.cases ?? [caseOf({ authority: hostOf(routing), ...flags })];
  const calls = [...(file?.calls ?? []), ...keySets(flags.jwks ?? [], links)];
  const results = runCases({ links, routing }, cases, calls, start).map((result, at) => ({
    ...result,
    line: file?.manifest.place([...file.at, at, "name"]).line,
  }));
  return file
    ? tableAnswer(file.manifest.file, results, flags.verbose)
    : requestAnswer(results[0]!);
}

interface Result extends TryResult {
  line?: number;
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
