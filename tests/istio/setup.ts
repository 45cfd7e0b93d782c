// Builds the real control plane (API server, etcd, istiod, agent, istioctl, registry, Flagger)
// from its pinned Go modules into the cache folder. Knows the three go.mod files and how they
// build; refuses to know how the binaries are run. `node tests/istio/setup.ts` by itself only
// builds and prints where things lie.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir, availableParallelism } from "node:os";
import { basename, dirname, join } from "node:path";

/**
 * One go.mod: the flags its tools need, what it must yield, and the files to keep from its
 * modules.
 */
interface ToolSet {
  name: string;
  flags: string[];
  /** Variables that a release build sets: versions that others read. */
  variables: Record<string, string>;
  binaries: string[];
  /** module → paths inside it that are copied to `files/<last part of the path>`. */
  files: Record<string, string[]>;
}

const toolSets: ToolSet[] = [
  {
    name: "istio",
    flags: ["-tags", "disable_pgv"],
    variables: { "istio.io/istio/pkg/version.buildVersion": "1.31.0" },
    binaries: ["pilot-discovery", "pilot-agent", "istioctl", "crane", "kustomize", "helm"],
    files: {
      "istio.io/istio": [
        "manifests/charts",
        "manifests/charts/base/files/crd-all.gen.yaml",
        "tools/packaging/common/envoy_bootstrap.json",
      ],
      "sigs.k8s.io/gateway-api": ["config/crd/standard"],
    },
  },
  {
    name: "kubernetes",
    flags: [],
    variables: {
      "k8s.io/component-base/version.gitVersion": "v1.37.2",
      "k8s.io/component-base/version.gitMajor": "1",
      "k8s.io/component-base/version.gitMinor": "37",
    },
    binaries: ["kube-apiserver", "server"],
    files: {},
  },
  {
    name: "flagger",
    flags: [],
    variables: {},
    binaries: ["flagger"],
    files: { "github.com/fluxcd/flagger": ["artifacts/flagger/crd.yaml"] },
  },
];

/** Where the built programs and the kept files of every tool set lie. */
export interface Tools {
  /** Absolute path of a built program; throws for a name that no tool set yields. */
  program(name: string): string;
  /** Absolute path of a kept file or folder, by the last part of its path. */
  file(name: string): string;
}

/** Why the stack cannot run here, in words that say what to do about it. */
export class Missing extends Error {}

const here = import.meta.dirname;

/** The cache folder of this project (XDG base directory specification). */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "gatehouse");
}

/**
 * The folder of one tool set, named by the hash of go.mod, go.sum and what is built: another pin
 * is another folder.
 */
function folderOf(set: ToolSet): string {
  const digest = createHash("sha256").update(JSON.stringify(set));
  for (const file of ["go.mod", "go.sum"])
    digest.update(readFileSync(join(here, "tools", set.name, file)));
  return join(cacheFolder(), "istio", `${set.name}-${digest.digest("hex").slice(0, 16)}`);
}

/** Runs a Go command to its end and gives its output; counts compiled packages into `progress`. */
function go(set: ToolSet, args: string[], progress?: (line: string) => void): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn("go", args, {
      cwd: join(here, "tools", set.name),
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -buildvcs=false" },
    });
    let output = "";
    let errors = "";
    let rest = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => {
      const lines = (rest + data).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        // `go build -v` names each package it compiled; anything with a space is a message.
        if (line.includes(" ") && !line.startsWith("go: downloading")) errors += `${line}\n`;
        progress?.(line);
      }
    });
    child.on("error", fail);
    child.on("close", (code) => {
      if (code === 0) return done(output);
      fail(
        new Missing(
          `go ${args.join(" ")} failed in tests/istio/tools/${set.name}:\n${errors}${rest}`,
        ),
      );
    });
  });
}

/**
 * Builds one tool set next to its place and renames it there: never a half-built folder, safe to
 * run twice at once.
 */
async function buildSet(set: ToolSet, folder: string): Promise<void> {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  sweep(folder);
  const partial = `${folder}.${process.pid}.partial`;
  mkdirSync(join(partial, "bin"), { recursive: true });
  console.log(`istio: building ${set.binaries.join(", ")} (some minutes, once per pinned version)`);
  let packages = 0;
  let reported = Date.now();
  const progress = () => {
    packages++;
    if (Date.now() - reported < 15_000) return;
    reported = Date.now();
    console.log(`istio: ${set.name}: ${packages} packages, ${seconds()} s`);
  };
  try {
    const variables = Object.entries(set.variables).map(([name, value]) => `-X ${name}=${value}`);
    const ldflags = ["-s", "-w", ...variables].join(" ");
    const parallel = String(Number(process.env.GATEHOUSE_BUILD_JOBS) || availableParallelism());
    await go(
      set,
      [
        "build",
        "-v",
        "-p",
        parallel,
        "-trimpath",
        "-ldflags",
        ldflags,
        ...set.flags,
        "-o",
        join(partial, "bin/"),
        "tool",
      ],
      progress,
    );
    for (const [module, paths] of Object.entries(set.files)) {
      const source = (await go(set, ["list", "-m", "-f", "{{.Dir}}", module])).trim();
      for (const path of paths)
        copyWritable(join(source, path), join(partial, "files", basename(path)));
    }
    for (const binary of set.binaries) {
      if (!existsSync(join(partial, "bin", binary)))
        throw new Missing(`${set.name} built no ${binary}`);
    }
    if (!existsSync(folder)) renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  console.log(`istio: ${set.name} built in ${seconds()} s`);
}

/** Removes what builds left that were killed. */
function sweep(folder: string): void {
  for (const name of globSync(`${basename(folder)}.*.partial`, { cwd: dirname(folder) })) {
    const owner = name.split(".").at(-2);
    if (!existsSync(`/proc/${owner}`))
      rmSync(join(dirname(folder), name), { recursive: true, force: true });
  }
}

/** Copies out of the module cache, whose files are read-only and would resist a later removal. */
function copyWritable(from: string, to: string): void {
  cpSync(from, to, { recursive: true, dereference: true });
  spawnSync("chmod", ["-R", "u+w", to]);
}

/** What `lacksOf` looks at. */
export interface Machine {
  platform: string;
  /** Undefined where there are no users. */
  user: number | undefined;
  /** True if the program can be run. */
  has(program: string, ...args: string[]): boolean;
  /** True if every tool set lies in the cache folder. */
  isBuilt: boolean;
}

/** Everything that stops the suite on a machine, each in words that say what to do about it. */
export function lacksOf({ platform, user, has, isBuilt }: Machine): string[] {
  const lacks: string[] = [];
  if (platform !== "linux")
    lacks.push("Linux: the stack runs in its own network, mount and process namespaces");
  if (user !== 0)
    lacks.push(
      "root: private namespaces and the tmpfs for the agent need it (sudo -E npm run test:istio)",
    );
  if (!has("unshare", "--version")) lacks.push("unshare (package util-linux)");
  if (!has("ip", "-V")) lacks.push("ip (package iproute2)");
  if (!isBuilt && !has("go", "version"))
    lacks.push(
      "Go 1.26 or newer: istiod, the API server and the others are built from their modules",
    );
  return lacks;
}

/** Throws `Missing` with everything that stops the suite on this machine, all at once. */
export function requireMachine(): void {
  const lacks = lacksOf({
    platform: process.platform,
    user: process.getuid?.(),
    has: (program, ...args) => spawnSync(program, args).status === 0,
    isBuilt: toolSets.every((set) => existsSync(folderOf(set))),
  });
  if (lacks.length === 0) return;
  throw new Missing(
    `test:istio cannot run here. Missing:\n${lacks.map((lack) => `  - ${lack}`).join("\n")}`,
  );
}

/** Builds what is not built yet; 0 s when everything is. */
export async function ensureTools(): Promise<Tools> {
  for (const set of toolSets) {
    const folder = folderOf(set);
    if (!existsSync(folder)) await buildSet(set, folder);
  }
  return installedTools();
}

/**
 * The tools as `ensureTools` left them; for programs that run inside the namespace and must not
 * build.
 */
export function installedTools(): Tools {
  const find = (kind: string, name: string): string => {
    for (const set of toolSets) {
      const path = join(folderOf(set), kind, name);
      if (existsSync(path)) return path;
    }
    throw new Missing(`${name} is not built: run node tests/istio/setup.ts`);
  };
  return {
    program: (name) => find("bin", name === "etcd" ? "server" : name),
    file: (name) => find("files", name),
  };
}

if (process.argv[1] === import.meta.filename) {
  try {
    requireMachine();
    await ensureTools();
    for (const set of toolSets) console.log(`istio: ${set.name}: ${folderOf(set)}`);
  } catch (error) {
    console.error(error instanceof Missing ? error.message : error);
    process.exitCode = 1;
  }
}
