// The private world of the stack: its own network, mounts and process ids. Whatever happens to
// the program that asked for it, the kernel ends everything inside with the first process of the
// namespace.
import { spawn, execFileSync } from "node:child_process";
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import type { Socket } from "node:net";
import { join } from "node:path";

const FOLDER = "GATEHOUSE_STACK_FOLDER";
/** Followed by the process that made it. */
const FOLDER_NAME = "gatehouse-istio-";

/**
 * Runs `node program ...args` as the first process of new namespaces and gives its exit code.
 * Ctrl-C, an end of this process of any kind, or its own end: all of it is gone.
 */
export async function runInside(program: string, args: string[]): Promise<number> {
  sweep();
  const folder = mkdtempSync(join(tmpdir(), `${FOLDER_NAME}${process.pid}-`));
  const namespaces = [
    "--net",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child=SIGKILL",
    "--mount-proc",
  ];
  const child = spawn("unshare", [...namespaces, "--", process.execPath, program, ...args], {
    // Inside watches standard input: when this process dies, however it dies, the pipe closes.
    stdio: ["pipe", "inherit", "inherit"],
    env: { ...process.env, [FOLDER]: folder },
    // Ctrl-C must not reach it before we do: the order of the end is ours.
    detached: true,
  });
  child.stdin!.on("error", () => {});
  const end = () => child.kill("SIGKILL");
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  process.on("exit", end);
  try {
    return await new Promise<number>((done, fail) => {
      child.on("error", fail);
      child.on("close", (code) => done(code ?? 130));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * To be called first inside: loopback up, a tmpfs for everything that is written, `/var/lib`
 * writable only here, and the end of this process when the outside is gone. Gives the folder to
 * work in.
 */
export function enter(): string {
  const folder = process.env[FOLDER];
  if (!folder || process.pid !== 1)
    throw new Error("run this by node tests/istio/run.ts: it needs its own namespace");
  endWithOutside();
  run("ip", "link", "set", "lo", "up");
  run("mount", "-t", "tmpfs", "-o", "size=3g", "gatehouse", folder);
  for (const name of ["work", "upper", "overlay"]) mkdirSync(join(folder, name));
  // The agent keeps modules in /var/lib/istio/data, whatever it is told.
  const layers = `lowerdir=/var/lib,upperdir=${folder}/upper,workdir=${folder}/overlay`;
  run("mount", "-t", "overlay", "overlay", "-o", layers, "/var/lib");
  mkdirSync("/var/lib/istio/data", { recursive: true });
  return join(folder, "work");
}

/** Ends this process, and with it everything in here, as soon as the process outside is gone. */
export function endWithOutside(): void {
  process.stdin
    .on("end", () => process.exit(130))
    .on("error", () => process.exit(130))
    .resume();
  // node:test ends when nothing is left to do; watching alone is nothing.
  (process.stdin as unknown as Socket).unref();
}

/** Removes the empty folders of runs that were killed: what was in them went with their mounts. */
function sweep(): void {
  for (const name of globSync(`${FOLDER_NAME}*`, { cwd: tmpdir() })) {
    const owner = Number(name.slice(FOLDER_NAME.length).split("-")[0]);
    if (owner > 0 && existsSync(`/proc/${owner}`)) continue;
    try {
      rmdirSync(join(tmpdir(), name));
    } catch {
      // Not empty, or a mount: somebody else's.
    }
  }
}

/** Gives `lo` more addresses, so that pods and outside hosts have their own. */
export function addAddresses(...addresses: string[]): void {
  for (const address of addresses) run("ip", "addr", "add", `${address}/32`, "dev", "lo");
}

/** Makes every address of these networks ours: programs in here may bind and reach each. */
export function addNetworks(...networks: string[]): void {
  // A local route is enough for IPv4.
  writeFileSync("/proc/sys/net/ipv6/ip_nonlocal_bind", "1");
  for (const network of networks)
    run("ip", network.includes(":") ? "-6" : "-4", "route", "add", "local", network, "dev", "lo");
}

/** Names that resolve in here only. */
export function addHosts(folder: string, hosts: Record<string, string>): void {
  const file = join(folder, "hosts");
  const lines = Object.entries(hosts).map(([name, address]) => `${address} ${name}\n`);
  writeFileSync(file, `127.0.0.1 localhost\n${lines.join("")}`);
  run("mount", "--bind", file, "/etc/hosts");
}

/** The certificate authorities that programs in here trust: these, and no others. */
export function trustOnly(folder: string, certificates: string): void {
  const file = join(folder, "trusted.pem");
  writeFileSync(file, certificates);
  const bundle = bundles.find((path) => existsSync(path));
  if (!bundle)
    throw new Error(
      `no bundle of certificate authorities: one of ${bundles.join(", ")} must exist`,
    );
  run("mount", "--bind", file, bundle);
}

/** Where distributions keep the bundle; the agent looks there, too. */
const bundles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
];

function run(program: string, ...args: string[]): void {
  execFileSync(program, args, { stdio: ["ignore", "inherit", "inherit"] });
}
