// `npm start`: a real Envoy with all four filters before real services, one round of real
// requests, a report of what happened. On a terminal it stays up, serves the playground and prints
// commands to try; with CI=true, without a terminal or with --once it ends after the round.
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type Served, servePlayground } from "../deploy/playground/serve.ts";
import { type Json, readBootstrap } from "./bootstrap.ts";
import { painted, report, wrappedJson } from "./demo/report.ts";
import { runRound } from "./demo/round.ts";
import { Issuer, startVariant } from "./demo/services.ts";
import { findEnvoy } from "./find.ts";
import { launchEnvoy } from "./launch.ts";

const VARIANTS = ["stable", "canary", "mobile-optimized"];
/** Where Envoy listens when nobody else does, so that a pasted command works tomorrow too. */
const USUAL_PORT = 10_000;
const PLAYGROUND_PORT = 10_080;
const root = join(import.meta.dirname, "..");

const isTerminal = Boolean(process.stdout.isTTY);
const staysUp = isTerminal && process.env.CI !== "true" && !process.argv.includes("--once");
const options = {
  width: process.stdout.columns ?? 80,
  isColoured: isTerminal && !process.env.NO_COLOR,
  isVerbose: process.argv.includes("--verbose"),
};

/** True when nobody listens there. */
async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  probe.listen(port, "127.0.0.1");
  try {
    await once(probe, "listening");
  } catch {
    return false;
  }
  probe.close();
  await once(probe, "close");
  return true;
}

/** The token lies in a file, so that the commands stay short. */
async function hints(port: number, issuer: Issuer, playground?: Served): Promise<string> {
  const file = "build/demo.env";
  const url = `http://127.0.0.1:${port}`;
  const token = await issuer.token({ expiresIn: 12 * 3600 });
  mkdirSync(join(root, "build"), { recursive: true });
  const variables = `U=${url}/api/products/7\nT="Authorization: Bearer ${token}"\n`;
  writeFileSync(join(root, file), variables, { mode: 0o600 });
  const title = (text: string) => painted(text, "bold", options);
  return `
${title("Try it")} in another terminal, in this folder (the token is good for 12 hours):

  . ./${file}                           # sets $U and $T (a token)
  curl -i -H "$T" $U                           # 200
  curl -i $U                                   # 401: no token
  curl -i -H "$T" -H 'x-canary: true' $U       # the canary answers
  curl -i -H "$T" -A 'iPhone Mobile' $U        # mobile-optimized answers
  for i in 1 2 3 4 5 6; do curl -so /dev/null -w '%{http_code} ' \\
    -H "$T" -H 'x-api-key: me' $U; done; echo  # 200 five times, then 429
${
  playground
    ? `
${title("Playground")}   ${playground.url}   the same filters in your browser
`
    : ""
}
${title("Next")}
  npx gatehouse try -f docs/tutorials/files/jwt/edge.yaml --token
  npx gatehouse migrate YOUR.yaml     what your Istio resources become
  docs/tutorials/                     step by step, with expected output

The access log of ${url} follows. Ctrl-C ends everything.
`;
}

async function startPlayground(): Promise<Served> {
  const { buildPlayground } = await import("../deploy/playground/build.ts");
  const assets = join(root, "build/playground");
  await buildPlayground(assets);
  return servePlayground({ assets, port: PLAYGROUND_PORT });
}

const envoyBinary = await findEnvoy();
const issuer = await Issuer.start();
const services = await Promise.all(VARIANTS.map((name) => startVariant(name)));
const clusters = Object.fromEntries(
  VARIANTS.map((name, i) => [name, `127.0.0.1:${services[i]!.port}`]),
);
clusters["outbound|443||auth.example.com"] = `127.0.0.1:${issuer.port}`;
const bootstrap: Json = readBootstrap("chain", { clusters });
if (staysUp && (await isFree(USUAL_PORT)))
  bootstrap.static_resources.listeners[0].address.socket_address.port_value = USUAL_PORT;
let streaming = false;
const envoy = await launchEnvoy(bootstrap, {
  envoy: envoyBinary,
  onLog: (text) => streaming && process.stdout.write(text),
});
const playground = staysUp ? await startPlayground() : undefined;
const close = async () => {
  await envoy.stop();
  await playground?.close();
  for (const { server } of [...services, issuer]) {
    server.closeAllConnections();
    server.close();
  }
};
console.log(
  `\nEnvoy ${envoy.version} with four filters, one round of real requests:\n` +
    "  access-log → jwt-auth → rate-limit → canary → stable | canary | mobile\n",
);
const { rows, line } = await runRound(envoy.port(), issuer, () => envoy.log());
console.log(report(rows, options));
console.log(`\nThe access log line of the last request:\n${wrappedJson(line, options.width)}`);
process.exitCode = rows.every(({ right }) => right) ? 0 : 1;
if (staysUp) {
  console.log(await hints(envoy.port(), issuer, playground));
  streaming = true;
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, close);
} else {
  await close();
}
