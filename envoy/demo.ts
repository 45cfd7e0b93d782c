// `npm start`: a real Envoy with all four filters before real services, one round of real
// requests, a table of what happened. On a terminal it stays up; with CI=true, without a terminal
// or with --once it ends after the round.
import { readBootstrap } from "./bootstrap.ts";
import { type Row, runRound } from "./demo/round.ts";
import { Issuer, startVariant } from "./demo/services.ts";
import { findEnvoy } from "./find.ts";
import { launchEnvoy } from "./launch.ts";

const VARIANTS = ["stable", "canary", "mobile-optimized"];

function printTable(rows: Row[]): void {
  const width = (pick: (row: Row) => string, most: number) =>
    Math.min(most, Math.max(...rows.map((row) => pick(row).length)));
  const columns: [string, (row: Row) => string, number][] = [
    ["request", (row) => row.request, width((row) => row.request, 26)],
    ["expected", (row) => row.expected, width((row) => row.expected, 52)],
    ["got", (row) => row.got, width((row) => row.got, 64)],
    ["why", (row) => row.why, 0],
  ];
  const line = (cells: string[]) => cells.map((cell, i) => cell.padEnd(columns[i]![2])).join("  ");
  console.log(`\n      ${line(columns.map(([title]) => title))}`);
  for (const row of rows)
    console.log(`${row.right ? "ok   " : "WRONG"} ${line(columns.map(([, pick]) => pick(row)))}`);
}

async function printHints(port: number, issuer: Issuer): Promise<void> {
  const token = await issuer.token({ expiresIn: 12 * 3600 });
  console.log(`\nEnvoy listens on http://127.0.0.1:${port}. Try, with a token that is good for twelve hours:\n
TOKEN=${token}
curl -i -H "Authorization: Bearer $TOKEN" http://127.0.0.1:${port}/api/products/7
curl -i http://127.0.0.1:${port}/api/products/7                                   # 401: no token
curl -i -H "Authorization: Bearer $TOKEN" -H 'x-canary: true' http://127.0.0.1:${port}/api/products/7
curl -i -A 'iPhone Mobile' http://127.0.0.1:${port}/shop/1                        # mobile-optimized
for i in 1 2 3 4 5 6; do curl -s -o /dev/null -w '%{http_code}\\n' -H "Authorization: Bearer $TOKEN" -H 'x-api-key: me' http://127.0.0.1:${port}/api/x; done

The access log follows. Ctrl-C ends everything.\n`);
}

const staysUp =
  Boolean(process.stdout.isTTY) && process.env.CI !== "true" && !process.argv.includes("--once");
const envoyBinary = await findEnvoy();
const issuer = await Issuer.start();
const services = await Promise.all(VARIANTS.map((name) => startVariant(name)));
const clusters = Object.fromEntries(
  VARIANTS.map((name, i) => [name, `127.0.0.1:${services[i]!.port}`]),
);
clusters["outbound|443||auth.example.com"] = `127.0.0.1:${issuer.port}`;
let streaming = false;
const envoy = await launchEnvoy(readBootstrap("chain", { clusters }), {
  envoy: envoyBinary,
  onLog: (text) => streaming && process.stdout.write(text),
});
const close = async () => {
  await envoy.stop();
  for (const { server } of [...services, issuer]) {
    server.closeAllConnections();
    server.close();
  }
};
console.log(
  `Envoy ${envoy.version}: access-log → jwt-auth → rate-limit → canary → stable | canary | mobile-optimized`,
);
const rows = await runRound(envoy.port(), issuer, () => envoy.log());
printTable(rows);
const wrong = rows.filter((row) => !row.right).length;
console.log(
  wrong === 0
    ? `\nAll ${rows.length} rows are as expected.`
    : `\n${wrong} of ${rows.length} rows are wrong.`,
);
process.exitCode = wrong === 0 ? 0 : 1;
if (staysUp) {
  await printHints(envoy.port(), issuer);
  streaming = true;
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, close);
} else {
  await close();
}
