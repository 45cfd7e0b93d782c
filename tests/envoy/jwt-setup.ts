// A real Envoy with jwt-auth, whose keys come from a real server.
import assert from "node:assert/strict";
import { bootstrap, cluster, directResponse, wasmFilter } from "../../envoy/bootstrap.ts";
import { ListenerFile, type RunningEnvoy, launchEnvoy } from "../../envoy/launch.ts";
import { type Got, send } from "../support/client.ts";
import { type ForgeKey, forge } from "./jwt-forge.ts";
import { type Answer, Issuer } from "./jwt-issuer.ts";

export const ISSUER = "https://auth.example.com";

export interface Setup {
  envoy: RunningEnvoy;
  issuer: Issuer;
  /** Sends a request with a token of `key`; each token is another one. */
  ask: (key?: ForgeKey) => Promise<Got>;
  /** A metric of the provider. */
  stat: (name: string) => Promise<number>;
  awaitStat: (name: string, fits: (value: number) => boolean) => Promise<number>;
  /** Gives the running proxy other settings of the provider. */
  change: (provider: Record<string, unknown>) => Promise<void>;
}

export interface SetupOptions {
  concurrency?: number;
  config?: Record<string, unknown>;
  cluster?: string;
  env?: Record<string, string>;
}

/** For what happens soon, but on a machine that may be busy with other things. */
const PATIENCE_MILLIS = 40_000;

let serial = 0;

/** Waits until so many requests are in the proxy. */
export async function activeRequests(envoy: RunningEnvoy, count: number): Promise<void> {
  await envoy.awaitStat(
    "http.ingress.downstream_rq_active",
    (active) => active === count,
    PATIENCE_MILLIS,
  );
}

export async function withIssuer(
  answer: Answer,
  provider: Record<string, unknown>,
  run: (setup: Setup) => Promise<void>,
  options: SetupOptions = {},
): Promise<void> {
  const issuer = await Issuer.start(answer);
  const keySource = provider.discovery ? {} : { jwksUri: "http://auth.example.com/jwks.json" };
  const main = {
    name: "edge",
    issuer: ISSUER,
    ...keySource,
    jwksCluster: options.cluster ?? "issuer",
    ...provider,
  };
  const listeners = (more: object) => {
    const config = { providers: [{ ...main, ...more }], ...options.config };
    return [
      {
        filters: [wasmFilter({ name: "jwt-auth", config, env: options.env })],
        routes: [directResponse(200, "in")],
      },
    ];
  };
  const file = new ListenerFile(listeners({}));
  const envoy = await launchEnvoy(
    bootstrap({
      clusters: [
        cluster({ name: "issuer", endpoints: [issuer.host] }),
        cluster({ name: "empty", endpoints: [] }),
      ],
      extra: file.dynamicResources,
    }),
    { concurrency: options.concurrency ?? 1 },
  );
  const metric = (name: string) => `wasmcustom.gatehouse.jwt-auth.edge.${name}`;
  try {
    await run({
      envoy,
      issuer,
      ask: (key) => {
        const exp = Math.floor(Date.now() / 1000) + 600;
        const token = key && forge(key, { iss: ISSUER, exp, jti: String(serial++) });
        return send(envoy.port(), { headers: token ? { authorization: `Bearer ${token}` } : {} });
      },
      stat: (name) => envoy.stat(metric(name)),
      awaitStat: (name, fits) => envoy.awaitStat(metric(name), fits, PATIENCE_MILLIS),
      change: async (more) =>
        assert.deepEqual(await file.update(envoy, listeners(more)), { accepted: true }),
    });
    assert.doesNotMatch(envoy.log(), /trap|Function: proxy_on|wasm.*crash/i);
  } finally {
    await envoy.stop();
    await issuer.stop();
    file.close();
  }
}

/** Asks until the status is `wanted`; gives the last one when that takes too long. */
export async function settled(ask: () => Promise<Got>, wanted: number): Promise<number> {
  const deadline = Date.now() + PATIENCE_MILLIS;
  let { status } = await ask();
  while (status !== wanted && Date.now() < deadline) {
    await new Promise((done) => setTimeout(done, 20));
    ({ status } = await ask());
  }
  return status;
}
