// The scenario files: `<filter>/<what>.yaml`, each a configuration and cases. Read here, run by
// emulator.test.ts and envoy.test.ts.
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { build } from "../../tools/build.ts";
import { type Case, readCases } from "../../deploy/emulator/cases.ts";
import { toUnixNanos } from "../../deploy/emulator/clock.ts";
import { probeModule } from "../host/probe.ts";
import { fillPlaceholders } from "../support/tokens.ts";

export interface Plugin {
  name: string;
  config?: unknown;
  env?: Record<string, string>;
}

/** What a cluster answers, by path; the first entry that fits a call counts. */
export interface ScriptedCall {
  cluster: string;
  /** Default: any. */
  path?: string;
  answer:
    | "refused"
    | "timeout"
    | "unhealthy"
    | { status?: number; headers?: Record<string, string>; body?: unknown; delayMillis?: number };
}

export interface Scenario {
  /** `jwt-auth/keys`. */
  name: string;
  /** In chain order. */
  plugins: Plugin[];
  calls: ScriptedCall[];
  /** Set when the whole file needs virtual time or the like. */
  emulatorOnly: boolean;
  /** The wall clock at the beginning, RFC 3339; default now. */
  start?: string;
  cases: Case[];
}

const known = ["config", "env", "chain", "calls", "emulatorOnly", "start", "cases"];

/**
 * Files of all scenarios, or of those of the filters named in $SCENARIOS (comma-separated parts
 * of paths).
 */
function files(): string[] {
  const wanted = process.env.SCENARIOS?.split(",");
  const all = globSync("*/*.yaml", { cwd: import.meta.dirname }).sort();
  return all.filter((file) => !wanted || wanted.some((part) => file.includes(part)));
}

/**
 * Tokens are made here and now: modules that take long to compile are compiled before
 * (`buildModules`).
 */
export function readScenarios(): Promise<Scenario[]> {
  return Promise.all(files().map(readScenario));
}

function readFile(file: string) {
  return parse(readFileSync(join(import.meta.dirname, file), "utf8"), { merge: true });
}

function pluginsIn(
  file: string,
  { chain, config, env }: ReturnType<typeof readFile>,
): Scenario["plugins"] {
  return chain ?? [{ name: file.split("/")[0]!, config, env }];
}

async function readScenario(file: string): Promise<Scenario> {
  const raw = readFile(file);
  const unknown = Object.keys(raw).find((key) => !known.includes(key));
  if (unknown)
    throw new Error(
      `tests/scenarios/${file}: unknown key ${unknown}; known are ${known.join(", ")}`,
    );
  const nowSeconds = raw.start ? Number(toUnixNanos(raw.start) / 1_000_000_000n) : undefined;
  const document = await fillPlaceholders(raw, nowSeconds);
  return {
    name: `${file.split("/")[0]!}/${basename(file, ".yaml")}`,
    plugins: pluginsIn(file, document),
    calls: document.calls ?? [],
    emulatorOnly: Boolean(document.emulatorOnly),
    start: document.start,
    cases: readCases(document.cases),
  };
}

/** In chain order; `edge` composes them. */
const composed = ["access-log", "jwt-auth", "rate-limit", "canary"];

/**
 * The scenarios whose filters `edge` composes in their order, each as one plugin with a section for
 * every filter: the same requests must get the same answers.
 */
export function inEdge(scenarios: Scenario[]): Scenario[] {
  return scenarios
    .filter(({ plugins }) => {
      const places = plugins.map(({ name }) => composed.indexOf(name));
      return places.every((place, at) => place >= 0 && (at === 0 || places[at - 1]! < place));
    })
    .map((scenario) => {
      const config = Object.fromEntries(
        scenario.plugins.map(({ name, config = {} }) => [name, config]),
      );
      const env = Object.assign({}, ...scenario.plugins.map((plugin) => plugin.env ?? {}));
      const plugins = [{ name: "edge", config, env }];
      return { ...scenario, name: `${scenario.name}, in edge`, plugins };
    });
}

/**
 * Compiles the modules that the scenarios need. A filter that does not compile fails its own
 * scenarios alone.
 */
export async function buildModules(): Promise<(scenario: Scenario) => void> {
  const names = new Set([
    "edge",
    ...files().flatMap((file) => pluginsIn(file, readFile(file)).map(({ name }) => name)),
  ]);
  const failures = new Map<string, Error>();
  for (const name of names) {
    await (name === "probe" ? probeModule() : build([name])).catch((error: Error) =>
      failures.set(name, error),
    );
  }
  return ({ plugins }) => {
    for (const { name } of plugins) if (failures.has(name)) throw failures.get(name);
  };
}

/** The body of a scripted answer: an object goes as JSON. */
export function bodyText(body: unknown): string {
  if (body === undefined) return "";
  return typeof body === "string" ? body : JSON.stringify(body);
}
