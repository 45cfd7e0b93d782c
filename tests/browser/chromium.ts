// Debian's Chromium, driven by playwright-core. A machine without it gets it from its package
// manager, which needs root once.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

const candidates = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser's program. Installs Debian's package where there is none, or says what to do. */
export function findChromium(): string {
  const named = process.env.CHROMIUM ?? candidates.find((file) => existsSync(file));
  if (named) return named;
  const packages = ["chromium", "fonts-dejavu-core"];
  for (const args of [
    ["update", "-qq"],
    ["install", "-y", "-qq", "--no-install-recommends", ...packages],
  ])
    spawnSync("apt-get", args, {
      stdio: ["ignore", 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  const installed = candidates.find((file) => existsSync(file));
  if (installed) return installed;
  throw new Error(
    "no Chromium: apt-get install chromium needs root; or set CHROMIUM to the browser's path",
  );
}

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    // Root has no sandbox of its own; the pages are ours.
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
}
