// `npm run test:istio [-- name…]`: builds what is missing, starts the stack in its own
// namespaces, runs the tests in it. Ends with `istio: N passed, N failed`; what cannot run is a
// failure that says what is missing, never a pass.
import { pinnedEnvoy } from "../../envoy/find.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInside } from "./namespace.ts";
import { ensureTools, Missing, requireMachine } from "./setup.ts";
import { INSTALLED, installedTool } from "../support/installed-package.ts";

const started = Date.now();
try {
  requireMachine();
  await ensureTools();
  // Downloaded out here: inside there is no network.
  await pinnedEnvoy("newest");
  const home = mkdtempSync(join(tmpdir(), "gatehouse-installed-"));
  try {
    process.env[INSTALLED] = await installedTool(home);
    process.exitCode = await runInside(
      join(import.meta.dirname, "inside.ts"),
      process.argv.slice(2),
    );
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  console.log(`istio: ${Math.round((Date.now() - started) / 1000)} s in all`);
} catch (error) {
  console.error(error instanceof Missing ? error.message : error);
  console.log("istio: 0 passed, 1 failed");
  process.exitCode = 1;
}
