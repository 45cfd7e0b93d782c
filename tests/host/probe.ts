// Runs probe scripts on the emulator and on Envoy and gives, for both, what the host answered,
// line by line.
import { cluster } from "../../envoy/bootstrap.ts";
import { compile } from "../../tools/build.ts";
import type { Request, Response } from "../../deploy/emulator/exchange.ts";
import { Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import { startChain } from "../support/chain.ts";

const output = "build/probe.wasm";
let building: Promise<void> | undefined;

/** The probe module, compiled once per process. */
export async function probeModule(): Promise<Module> {
  // The incremental runtime collects by itself: the probe is written with strings and maps,
  // unlike the filters.
  building ??= compile("tests/host/probe-entry.ts", output, ["--runtime", "incremental"]);
  await building;
  return Module.load(output);
}

export interface Case {
  /** Scripts by plugin name, in chain order. */
  plugins: Record<string, string[]>;
  request?: Request & { headers?: [string, string][] };
  response?: Response & { headers?: Record<string, string | string[]>; body?: string };
}

/** What one host did: answers per plugin, and the outcome for the client. */
export interface Outcome {
  lines: string[];
  status: number;
  headers: Record<string, string>;
  body: string;
}

/**
 * Clusters that the scripts may call: `upstream` answers, `empty` has no host, `refusing` no
 * server.
 */
export async function onEmulator({ plugins, request = {}, response = {} }: Case): Promise<Outcome> {
  const module = await probeModule();
  const proxy = new Proxy({
    clusters: ["upstream", "empty", "refusing"],
    onCall: ({ cluster: name }) => {
      if (name === "empty") return "unhealthy";
      if (name === "refusing") return "refused";
      return { headers: { "x-r": "called" }, body: "called" };
    },
  });
  for (const [name, script] of Object.entries(plugins))
    proxy.install({ module, name, config: script.join("\n") });
  const stream = proxy.exchange(request, response);
  return {
    lines: proxy.log.filter(({ level }) => level === "warn").map(({ message }) => message),
    status: stream.responseCode ?? 0,
    headers: stream.responseHeaders?.toObject() ?? {},
    body: stream.responseBody.toString(),
  };
}

export async function onEnvoy(
  { plugins, request = {}, response = {} }: Case,
  version: string,
): Promise<Outcome> {
  await probeModule();
  const filters = Object.entries(plugins).map(([name, script]) => ({
    name,
    wasm: output,
    config: script.join("\n"),
  }));
  const chain = await startChain({
    version,
    filters,
    clusters: {
      empty: cluster({ name: "empty", endpoints: [] }),
      refusing: cluster({ name: "refusing", endpoints: ["127.0.0.1:1"] }),
    },
    handler: ({ path }) =>
      path.startsWith("/called")
        ? { headers: { "x-r": "called" }, body: "called" }
        : { status: response.status, headers: response.headers, body: response.body },
  });
  try {
    const configureLines = probeLines(chain.envoy.log());
    const from = chain.envoy.log().length;
    const got = await chain.send({
      path: request.path,
      headers: request.headers,
      method: request.method,
    });
    const last = [...Object.values(plugins).at(-1)!]
      .reverse()
      .find((line) => line.startsWith("delete "));
    if (last)
      await chain.envoy.awaitLog(
        new RegExp(`${last.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")} -> .*\n`),
        { from },
      );
    await chain.stop();
    // Configuration ran once for each machine; the first run alone has seen nothing of the others.
    const perRun = filters.flatMap(({ config }) =>
      config.split("\n").filter((line) => line.startsWith("configure ")),
    );
    const headers = Object.fromEntries(
      got.headers.map(([name]) => [name, got.headers.filter(([each]) => each === name)]),
    );
    return {
      lines: [
        ...configureLines.slice(0, perRun.length),
        ...probeLines(chain.envoy.log().slice(from)),
      ],
      status: got.status,
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, all]) => [name, all.map((e) => e[1]).join(", ")]),
      ),
      body: got.body,
    };
  } finally {
    await chain.stop();
  }
}

function probeLines(log: string): string[] {
  return [...log.matchAll(/wasm log[^:]*: (probe .*?)(?: thread=\d+)?\n/g)].map(
    (match) => match[1]!,
  );
}
