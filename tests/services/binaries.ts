// Real services, made once per version in the cache folder: Go programs from their modules, Redis
// from Debian's packages.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../envoy/find.ts";

/** Runs a command to its end; throws an error that holds what it said. */
function run(
  command: string,
  args: string[],
  cwd: string,
  environment: NodeJS.ProcessEnv = {},
): void {
  const done = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, ...environment },
  });
  if (done.error)
    throw new Error(
      `${command} cannot be run here, and this suite needs it: ${done.error.message}`,
    );
  if (done.status !== 0)
    throw new Error(`${command} ${args.join(" ")} failed:\n${done.stdout}${done.stderr}`);
}

/**
 * Fills `folder` by `make` in a folder beside it, then puts it in place at once: half-made ones
 * are never seen.
 */
function once(folder: string, make: (partial: string) => void): string {
  if (existsSync(folder)) return folder;
  mkdirSync(join(folder, ".."), { recursive: true });
  const partial = mkdtempSync(`${folder}.`);
  try {
    make(partial);
    if (!existsSync(folder)) renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return folder;
}

/** The binary of a Go main package at a version, say `example.com/cmd/x`, `v1.2.3`. */
export function goBinary(module: string, version: string): string {
  const name = module.split("/").at(-1)!;
  const folder = once(join(cacheFolder(), "services", name, version), (partial) => {
    run("go", ["install", "-ldflags", "-s -w", `${module}@${version}`], partial, {
      GOBIN: partial,
      CGO_ENABLED: "0",
    });
  });
  return join(folder, name);
}

/** The folder of a Go module at a version, whose content must have that sum (as in a go.sum). */
export function goModule(module: string, version: string, sum: string): string {
  const done = spawnSync("go", ["mod", "download", "-json", `${module}@${version}`], {
    encoding: "utf8",
    cwd: "/",
  });
  if (done.error)
    throw new Error(`go cannot be run here, and this suite needs it: ${done.error.message}`);
  const {
    Dir,
    Sum,
    Error: problem,
  } = JSON.parse(done.stdout || `{"Error":${JSON.stringify(done.stderr)}}`);
  if (problem || Sum !== sum)
    throw new Error(`${module}@${version}: ${problem ?? `its sum is ${Sum}, not ${sum}`}`);
  return Dir;
}

const COLLECTOR_VERSION = "v0.165.0";

/**
 * An OpenTelemetry Collector with just the OTLP receiver and two exporters, made by its own
 * builder.
 */
export function collector(): string {
  const builder = goBinary("go.opentelemetry.io/collector/cmd/builder", COLLECTOR_VERSION);
  const folder = once(join(cacheFolder(), "services", "otelcol", COLLECTOR_VERSION), (partial) => {
    const component = (path: string) =>
      `[{ gomod: "go.opentelemetry.io/collector/${path} ${COLLECTOR_VERSION}" }]`;
    const manifest = [
      `dist: { name: otelcol, output_path: ${join(partial, "source")}, debug_compilation: false }`,
      `receivers: ${component("receiver/otlpreceiver")}`,
      `exporters: ${component("exporter/debugexporter").slice(0, -1)}, ${component("exporter/otlphttpexporter").slice(1)}`,
    ];
    writeFileSync(join(partial, "builder.yaml"), `${manifest.join("\n")}\n`);
    run(builder, ["--config", join(partial, "builder.yaml")], partial, { CGO_ENABLED: "0" });
    renameSync(join(partial, "source", "otelcol"), join(partial, "otelcol"));
    rmSync(join(partial, "source"), { recursive: true });
  });
  return join(folder, "otelcol");
}

const REDIS_PACKAGES = [
  "redis-tools",
  "libjemalloc2",
  "liblua5.1-0",
  "liblzf1",
  "lua-cjson",
  "lua-bitop",
];

/** Downloads Debian's packages into `partial` and unpacks them there, without installing them. */
function unpackDebian(packages: string[], partial: string): void {
  const download = spawnSync("apt-get", ["download", ...packages], {
    cwd: partial,
    encoding: "utf8",
  });
  if (download.status !== 0) {
    run("apt-get", ["update"], partial);
    run("apt-get", ["download", ...packages], partial);
  }
  for (const file of readdirSync(partial).filter((name) => name.endsWith(".deb"))) {
    run("dpkg-deb", ["-x", file, "."], partial);
    rmSync(join(partial, file));
  }
}

/** Prometheus and its promtool: those on PATH, else Debian's. */
export function prometheus(): { server: string; promtool: string } {
  if (spawnSync("promtool", ["--version"]).status === 0)
    return { server: "prometheus", promtool: "promtool" };
  const folder = once(join(cacheFolder(), "services", "prometheus-debian"), (partial) =>
    unpackDebian(["prometheus"], partial),
  );
  return {
    server: join(folder, "usr/bin/prometheus"),
    promtool: join(folder, "usr/bin/promtool"),
  };
}

/**
 * Redis' server and what its environment must hold: the one on PATH, else Debian's, unpacked
 * without installing it.
 */
export function redisServer(): { command: string; environment: Record<string, string> } {
  if (spawnSync("redis-server", ["--version"]).status === 0)
    return { command: "redis-server", environment: {} };
  const folder = once(join(cacheFolder(), "services", "redis-debian"), (partial) =>
    unpackDebian(REDIS_PACKAGES, partial),
  );
  const libraries = readdirSync(join(folder, "usr/lib")).filter((name) => name.includes("linux"));
  const paths = libraries.map((name) => join(folder, "usr/lib", name));
  return {
    command: join(folder, "usr/bin/redis-check-rdb"),
    environment: { LD_LIBRARY_PATH: paths.join(":") },
  };
}
