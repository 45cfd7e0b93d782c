// `gatehouse demo`: the manifests of deploy/istio/gatehouse on a real Envoy on this machine. The
// requests are those of a case file, so the same table is a test without a proxy (`gatehouse try
// --cases`).
import { join, relative } from "node:path";
import { parse } from "yaml";
import { readFileSync } from "node:fs";
import { EnvoyError } from "../../../envoy/launch.ts";
import { EnvoyNotFound, findEnvoy } from "../../../envoy/find.ts";
import { DemoProxy } from "../../demo/proxy.ts";
import { casesForEnvoy } from "../../emulator/cases.ts";
import type { Case } from "../../emulator/cases.ts";
import { differences } from "../../emulator/expectation.ts";
import type { Answer, Output } from "../output.ts";
import { ToolError } from "../../core/problem.ts";
import { at, mapsOf } from "../../core/value.ts";
import { readCaseFile } from "../../try/case-file.ts";
import { answersOf, issuerFor } from "../../try/chain.ts";
import type { Issuer } from "../../try/issuer.ts";
import { filled } from "../../try/placeholders.ts";
import { chainOf } from "../../try/run.ts";

const folder = join(import.meta.dirname, "../../istio");
/** The default place, its table, and the mesh whose provider prints the access log. */
const gateway = join(folder, "gatehouse/gateway");
const mesh = join(folder, "install/helm/istiod.yaml");

export interface DemoFlags {
  file?: string[];
  policy?: string;
  cases?: string;
  once?: boolean;
  json?: boolean;
}

export async function demoCommand(out: Output, flags: DemoFlags): Promise<Answer> {
  const files = flags.file ?? [gateway];
  const caseFile = readCaseFile(flags.cases ?? join(gateway, "cases.yaml"));
  const { links, routing } = chainOf({ files, policy: flags.policy }, new Date());
  const issuer = issuerFor(links);
  filled(caseFile.cases, issuer, 0);
  const script = [...caseFile.calls, ...answersOf(issuer, links)];
  let isStreaming = false;
  const onLine = (line: string) => isStreaming && out.progress(line);
  const proxy = await started(out, { links, routing, script, logFormat: logFormat() }, onLine);
  try {
    const names = links.map(({ filter }) => filter).join(" → ");
    out.progress(
      `Envoy ${proxy.envoy.version}: ${names}, from ${files.map((file) => relative("", file)).join(", ")}`,
    );
    const cases = casesForEnvoy(caseFile.cases);
    const rows: Row[] = [];
    for (const each of cases) rows.push(await row(proxy, each, issuer));
    const left = caseFile.cases.length - cases.length;
    const answer = answerOf(rows, left);
    if (flags.once || flags.json || !process.stdout.isTTY || process.env.CI === "true")
      return answer;
    out.progress(answer.text);
    out.progress(hints(proxy.port, cases, issuer));
    isStreaming = true;
    await interrupted();
    return { ...answer, text: "" };
  } finally {
    await proxy.stop();
  }
}

async function started(
  out: Output,
  scene: Parameters<typeof DemoProxy.start>[0],
  onLine: (line: string) => void,
) {
  try {
    out.progress("looking for an Envoy (the first time, one is fetched)");
    return await DemoProxy.start(scene, await findEnvoy(), onLine);
  } catch (error) {
    if (error instanceof EnvoyNotFound)
      throw new ToolError("missing", error.message, { cause: error });
    if (error instanceof EnvoyError)
      throw new ToolError("invalid", `Envoy does not start with it: ${error.message}`);
    throw error;
  }
}

/** The format of the mesh-wide provider that prints the access-log plugin's line. */
function logFormat(): string {
  const providers = at(parse(readFileSync(mesh, "utf8")), "meshConfig", "extensionProviders");
  const provider = mapsOf(providers).find(({ name }) => name === "gatehouse-access-log");
  return String(at(provider, "envoyFileAccessLog", "logFormat", "text"));
}

interface Row {
  name: string;
  request: string;
  status: number;
  /** Which service answered, and what the filters said. */
  why: string;
  ok: boolean;
  differences: string[];
}

async function row(proxy: DemoProxy, each: Case, issuer: Issuer): Promise<Row> {
  const wrong = new Set<string>();
  const nowSeconds = () => Math.floor(Date.now() / 1000);
  let last = await proxy.observe(filled(each, issuer, nowSeconds()));
  for (let count = 1; ; count++) {
    for (const difference of differences(last, each.expect ?? {})) wrong.add(difference);
    if (count >= (each.repeat ?? 1)) break;
    last = await proxy.observe(filled(each, issuer, nowSeconds()));
  }
  const { method = "GET", path = "/" } = each.request ?? {};
  const service = /^\{"service":"([^"]+)"/.exec(last.body)?.[1];
  const why = [service ?? last.details, last.limit && `limit ${last.limit}`, last.reason]
    .filter(Boolean)
    .join(", ");
  const times = each.repeat ? ` × ${each.repeat}` : "";
  const request = `${method} ${path}${times}`;
  return {
    name: each.name,
    request,
    status: last.status,
    why,
    ok: wrong.size === 0,
    differences: [...wrong],
  };
}

function answerOf(rows: Row[], left: number): Answer {
  const width = (pick: (row: Row) => string) =>
    Math.max(...rows.map((each) => pick(each).length), 0);
  const [names, requests] = [width(({ name }) => name), width(({ request }) => request)];
  const lines = rows.flatMap(({ name, request, status, why, ok, differences }) => [
    `${ok ? "ok   " : "WRONG"} ${name.padEnd(names)}  ${request.padEnd(requests)}  ${status}  ${why}`,
    ...differences.map((difference) => `        ${difference}`),
  ]);
  const failed = rows.filter(({ ok }) => !ok).length;
  const tail =
    left > 0
      ? `, ${left} left to gatehouse try (they need another time, or more than a client can send)`
      : "";
  const counts = `${rows.length - failed} as expected, ${failed} not${tail}`;
  return {
    ok: failed === 0,
    text: [...lines, counts].join("\n"),
    data: { rows, failed, leftToTry: left },
  };
}

function hints(port: number, cases: Case[], issuer: Issuer): string {
  const token = issuer.token(["exp=+12h"], Math.floor(Date.now() / 1000));
  const authority =
    cases.find(({ request }) => request?.authority)?.request?.authority ?? "example.com";
  const url = `http://127.0.0.1:${port}`;
  return `
Envoy listens on ${url}. Try, with a token that is good for twelve hours:

TOKEN=${token}
curl -i -H 'Host: ${authority}' -H "Authorization: Bearer $TOKEN" ${url}/api/products/7
curl -i -H 'Host: ${authority}' ${url}/api/products/7
curl -i -H 'Host: ${authority}' -H "Authorization: Bearer $TOKEN" -H 'x-canary: true' ${url}/api/products/7

The access log follows. Ctrl-C ends everything.
`;
}

function interrupted(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => done());
  });
}
