// The playground's questions, answered by the tool's own functions and the real modules.
import type { Case } from "../../emulator/cases.ts";
import { differences } from "../../emulator/expectation.ts";
import { schemaOf } from "../../core/filter-schemas.ts";
import { filterNames, isFilter } from "../../core/catalog.ts";
import { envelope } from "../../core/envelope.ts";
import { ToolError } from "../../core/problem.ts";
import { parse } from "../../core/source.ts";
import { readCaseFile } from "../../try/case-file.ts";
import { explain } from "../../try/explain.ts";
import { validate } from "../../validate/validate.ts";
import { put } from "../browser/fs.ts";
import { Chain } from "./chain.ts";
import { crowd } from "./crowd.ts";
import { migrateText } from "./migrate.ts";
import type { CasesRun, Checked, Engine, Sent } from "./protocol.ts";
import { remarkOf } from "./remarks.ts";

/** A larger text is no settings file, and an editor that holds it is slow. */
const TEXT_BYTES_MAX = 1024 * 1024;

/** The chain that the request form talks to: it remembers buckets and keys between requests. */
let live: { settings: string; chain: Chain; count: number } | undefined;

function limited(text: string, file: string): string {
  if (text.length <= TEXT_BYTES_MAX) return text;
  const size = (text.length / 1024 / 1024).toFixed(1);
  throw new ToolError(
    "input",
    `${file}: ${size} MB is too large; at most 1 MB; remove what the filters do not read`,
  );
}

async function check(settings: string): Promise<Checked> {
  const { manifests, findings: syntax } = parse(limited(settings, "edge.yaml"), "edge.yaml");
  const { findings } = await validate(manifests);
  const all = [...syntax, ...findings];
  const remarks = all.map(remarkOf);
  const policies = manifests.filter(({ kind }) => kind === "Policy");
  if (manifests.length === 0 && syntax.length === 0) {
    const text = "the file is empty: choose an example, or write a settings file (kind: Policy)";
    remarks.push({ severity: "error", file: "edge.yaml", line: 1, column: 1, text });
  } else if (policies.length === 0 && syntax.length === 0) {
    const kinds = [...new Set(manifests.map(({ kind }) => kind || "no kind"))].join(", ");
    const text = `no settings file here (kind: Policy), only ${kinds}; native Istio resources go into the Migrate tab`;
    remarks.push({ severity: "error", file: "edge.yaml", line: 1, column: 1, text });
  }
  if (remarks.some(({ severity }) => severity === "error"))
    return { remarks, filters: [], limits: [] };
  const spec = policies[0]!.value.spec;
  const route = spec.canary?.routes?.[0];
  const chain = Chain.of(settings);
  return {
    remarks,
    filters: chain.links.map(({ filter }) => filter),
    host: chain.host,
    token: chain.tokenDefaults,
    canary: route && {
      route: route.name,
      variants: chain.variants,
      sticky: route.sticky && Object.keys(route.sticky)[0],
      guarded: route.guard?.variant,
    },
    limits: (spec["rate-limit"]?.limits ?? []).map((limit: { name: string }) => limit.name),
  };
}

function send(settings: string, request: Case): Sent {
  if (live?.settings !== settings) {
    // Settings that are refused leave no chain, not one that is closed.
    reset();
    live = { settings, chain: Chain.of(limited(settings, "edge.yaml"), { quota: true }), count: 0 };
  }
  live.count += request.repeat ?? 1;
  return { ...live.chain.send(request), count: live.count };
}

function reset(): void {
  live?.chain.close();
  live = undefined;
}

function cases(settings: string, text: string): CasesRun {
  put("cases.yaml", limited(text, "cases.yaml"));
  const file = readCaseFile("cases.yaml");
  const start = file.start === undefined ? new Date() : new Date(file.start);
  const chain = Chain.of(limited(settings, "edge.yaml"), {
    start,
    cases: file.cases,
    calls: file.calls,
  });
  try {
    const results = file.cases.map((each, at) => {
      const runs = explain(chain.proxy, chain.links, each, chain.routing, chain.issuer);
      const wrong = runs.flatMap(({ observed }) => differences(observed, each.expect ?? {}));
      const { observed } = runs.at(-1)!;
      const { reason, limit, variant } = observed;
      return {
        name: each.name,
        case: each,
        line: file.manifest.place([...file.at, at, "name"]).line,
        ok: wrong.length === 0,
        differences: [...new Set(wrong)],
        status: observed.status,
        detail: [reason, limit, variant].filter(Boolean).join(", "),
      };
    });
    const failed = results.filter(({ ok }) => !ok).length;
    return { results, passed: results.length - failed, failed, remarks: [] };
  } finally {
    chain.close();
  }
}

/** All schemas, for completion: the envelope, and each filter's under its name. */
function schemas(): Record<string, object> {
  const own = filterNames.filter(isFilter).map((name) => [name, schemaOf(name)!] as const);
  return { policy: envelope, ...Object.fromEntries(own) };
}

export const engine: Engine = {
  check,
  send,
  reset,
  cases,
  crowd,
  migrate: (text) => migrateText(limited(text, "manifests.yaml")),
  schemas,
};
