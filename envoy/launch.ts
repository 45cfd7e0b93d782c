// Runs one Envoy: started on free loopback ports, awaited until it serves, watched through its
// admin interface, ended by its exact pid. An Envoy never outlives the process that started it,
// however that process ends (see `guard`).
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Json, listener as buildListener } from "./bootstrap.ts";
import { type Envoy, pinnedEnvoy } from "./find.ts";

const START_MILLIS_MAX = 60_000;
const STOP_MILLIS_MAX = 5_000;
/**
 * Admin requests are loopback and take about a millisecond: polling this often costs nothing and
 * loses little.
 */
const POLL_MILLIS = 15;
/**
 * The access log reaches standard output this soon; the default of ten seconds would keep every
 * test waiting.
 */
const LOG_FLUSH_MILLIS = 25;
const LOG_CHARACTERS_MAX = 32 * 1024 * 1024;

export interface LaunchOptions {
  /** Default: the pinned newest. */
  envoy?: Envoy;
  /** Worker threads; default 1. */
  concurrency?: number;
  /** Default `warning`, as Istio's proxies have it. */
  logLevel?: string;
  /** Like `wasm:debug,http:info`. */
  componentLogLevels?: string;
  /** Names of listeners that come by xDS and must be there too before the start counts as done. */
  awaitListeners?: string[];
  environment?: Record<string, string>;
  /** Called with each piece of the log as it comes, access log on standard output included. */
  onLog?: (text: string) => void;
}

/** Envoy did not start or answer as it should; `log` is what it said. */
export class EnvoyError extends Error {
  readonly code = "ENVOY_FAILED";
  readonly log: string;

  constructor(message: string, log: string) {
    super(`${message}\n${log.slice(-4000)}`);
    this.log = log;
  }
}

/**
 * Starts Envoy with `bootstrap` (ports 0 become free ports) and comes back when all its listeners
 * serve.
 */
export async function launchEnvoy(
  bootstrap: Json,
  options: LaunchOptions = {},
): Promise<RunningEnvoy> {
  const envoy = options.envoy ?? (await pinnedEnvoy("newest"));
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-envoy-"));
  const config = join(folder, "bootstrap.json");
  writeFileSync(config, JSON.stringify(bootstrap));
  const child = spawn(envoy.binary, commandLine(config, folder, options), {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.environment },
  });
  const running = new RunningEnvoy(child, folder, envoy.version, options);
  try {
    const listeners = (bootstrap.static_resources?.listeners ?? []).map((each: Json) => each.name);
    await running.becomeReady([...listeners, ...(options.awaitListeners ?? [])]);
  } catch (cause) {
    await running.stop();
    throw cause;
  }
  return running;
}

/**
 * Hot restart shares memory by base id, which would tie unrelated Envoys on one machine together:
 * it is off.
 */
function commandLine(config: string, folder: string, options: LaunchOptions): string[] {
  const line = [
    "--config-path",
    config,
    "--admin-address-path",
    join(folder, "admin"),
    "--disable-hot-restart",
  ];
  line.push(
    "--concurrency",
    String(options.concurrency ?? 1),
    "--log-level",
    options.logLevel ?? "warning",
  );
  line.push("--drain-time-s", "1", "--file-flush-interval-msec", String(LOG_FLUSH_MILLIS));
  if (options.componentLogLevels) line.push("--component-log-level", options.componentLogLevels);
  return line;
}

/**
 * Ends `pid` when this process is gone, even by SIGKILL, where no exit hook runs: a shell of its
 * own session waits on a pipe that only we hold open.
 */
function guard(pid: number): ChildProcess {
  const watcher = spawn(
    "/bin/sh",
    ["-c", 'read -r _; kill -9 "$1" 2>/dev/null', "sh", String(pid)],
    {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    },
  );
  watcher.unref();
  (watcher.stdin as unknown as { unref(): void }).unref();
  return watcher;
}

export class RunningEnvoy {
  readonly pid: number;
  readonly version: string;
  /** Port of the admin interface on 127.0.0.1. */
  adminPort = 0;
  private readonly child: ChildProcess;
  private readonly folder: string;
  private readonly ended: Promise<void>;
  private readonly watchers = new Set<() => void>();
  private readonly ports = new Map<string, number>();
  private hasEnded = false;
  private text = "";

  /** Use `launchEnvoy`. */
  constructor(child: ChildProcess, folder: string, version: string, options: LaunchOptions) {
    this.child = child;
    this.folder = folder;
    this.version = version;
    this.pid = child.pid ?? 0;
    const watcher = this.pid ? guard(this.pid) : undefined;
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding("utf8").on("data", (data: string) => {
        this.text = (this.text + data).slice(-LOG_CHARACTERS_MAX);
        options.onLog?.(data);
        this.watchers.forEach((watch) => watch());
      });
    }
    this.ended = new Promise((done) => {
      const end = (why: string) => {
        this.hasEnded = true;
        this.text += why;
        watcher?.kill("SIGKILL");
        rmSync(folder, { recursive: true, force: true });
        this.watchers.forEach((watch) => watch());
        done();
      };
      child.on("error", (error) => end(`[gatehouse] ${error.message}\n`));
      child.on("close", (code, signal) =>
        end(`[gatehouse] Envoy ended: ${signal ?? `exit code ${code}`}\n`),
      );
    });
  }

  /**
   * Waits until admin says ready and every named listener is bound. Throws EnvoyError if Envoy
   * ends or time is up.
   */
  async becomeReady(listeners: string[]): Promise<void> {
    const addressFile = join(this.folder, "admin");
    await this.poll(
      "its admin address",
      () => existsSync(addressFile) && readFileSync(addressFile, "utf8").length > 0,
    );
    this.adminPort = Number(readFileSync(addressFile, "utf8").split(":").at(-1));
    await this.poll("readiness", async () => (await fetch(this.adminUrl("/ready"))).status === 200);
    await this.poll(`listeners ${listeners.join(", ")}`, async () => {
      await this.readPorts();
      return listeners.every((name) => this.ports.has(name));
    });
  }

  private async readPorts(): Promise<void> {
    const { listener_statuses = [] } = await this.adminJson("/listeners?format=json");
    for (const each of listener_statuses) {
      const port = each.local_address?.socket_address?.port_value;
      if (port) this.ports.set(each.name, port);
    }
  }

  /** The port a listener is bound to on 127.0.0.1. */
  port(listener = "ingress"): number {
    const port = this.ports.get(listener);
    if (!port)
      throw new EnvoyError(
        `no listener ${listener}; there are: ${[...this.ports.keys()]}`,
        this.text,
      );
    return port;
  }

  /** `http://127.0.0.1:<port><path>`. */
  url(path = "/", listener = "ingress"): string {
    return `http://127.0.0.1:${this.port(listener)}${path}`;
  }

  adminUrl(path: string): string {
    return `http://127.0.0.1:${this.adminPort}${path}`;
  }

  async adminText(path: string, method = "GET"): Promise<string> {
    const response = await fetch(this.adminUrl(path), { method });
    const text = await response.text();
    if (!response.ok) throw new EnvoyError(`admin ${path}: ${response.status} ${text}`, this.text);
    return text;
  }

  async adminJson(path: string): Promise<Json> {
    return JSON.parse(await this.adminText(path));
  }

  /** Counters and gauges by name, those that match `filter` (a regular expression of Envoy's). */
  async stats(filter = ""): Promise<Record<string, number>> {
    const query = filter ? `&filter=${encodeURIComponent(filter)}` : "";
    const { stats } = await this.adminJson(`/stats?format=json${query}`);
    const values = stats.filter((each: Json) => typeof each.value === "number");
    return Object.fromEntries(values.map((each: Json) => [each.name, each.value]));
  }

  /**
   * One counter or gauge; 0 when Envoy has none of that name. A filter's own is
   * `wasmcustom.<name>`.
   */
  async stat(name: string): Promise<number> {
    return (await this.stats(`^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`))[name] ?? 0;
  }

  /** Waits until the counter or gauge satisfies `fits` and gives its value. */
  async awaitStat(
    name: string,
    fits: (value: number) => boolean,
    millis = 10_000,
  ): Promise<number> {
    let value = 0;
    await this.poll(
      `${name} (last ${value})`,
      async () => fits((value = await this.stat(name))),
      millis,
    );
    return value;
  }

  /** Everything Envoy has written, its access log on standard output included. */
  log(): string {
    return this.text;
  }

  /** Waits until the log from character `from` on matches, and gives the match. */
  async awaitLog(pattern: RegExp, { from = 0, millis = 10_000 } = {}): Promise<RegExpMatchArray> {
    const deadline = Date.now() + millis;
    for (;;) {
      const match = this.text.slice(from).match(pattern);
      if (match) return match;
      const left = deadline - Date.now();
      if (left <= 0 || this.hasEnded)
        throw new EnvoyError(`the log never matched ${pattern}`, this.text);
      await this.nextOutput(left);
    }
  }

  private nextOutput(millis: number): Promise<void> {
    return new Promise((done) => {
      const finish = () => {
        clearTimeout(timer);
        this.watchers.delete(finish);
        done();
      };
      const timer = setTimeout(finish, millis);
      this.watchers.add(finish);
    });
  }

  /** CPU time used so far, user and system, in seconds (Linux; the process, all threads). */
  cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** Resident memory in bytes (Linux). */
  residentBytes(): number {
    return (
      Number(readFileSync(`/proc/${this.pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)![1]) * 1024
    );
  }

  /** Resolves when Envoy has ended, for whatever reason. */
  wait(): Promise<void> {
    return this.ended;
  }

  /** Ends Envoy: SIGTERM, after five seconds SIGKILL. Safe to call twice. */
  async stop(): Promise<void> {
    if (this.hasEnded) return;
    this.child.kill("SIGTERM");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), STOP_MILLIS_MAX);
    await this.ended;
    clearTimeout(timer);
  }

  /** Repeats `test` until it holds. A refused connection counts as "not yet". */
  private async poll(
    what: string,
    test: () => boolean | Promise<boolean>,
    millis = START_MILLIS_MAX,
  ): Promise<void> {
    const deadline = Date.now() + millis;
    for (;;) {
      if (this.hasEnded) throw new EnvoyError(`Envoy ended while waiting for ${what}`, this.text);
      const holds = await Promise.resolve()
        .then(test)
        .catch(() => false);
      if (holds) return;
      if (Date.now() > deadline) throw new EnvoyError(`gave up waiting for ${what}`, this.text);
      await sleep(POLL_MILLIS);
    }
  }
}

/** What became of a listener update. */
export type Update = { accepted: true } | { accepted: false; reason: string };

/**
 * Listeners that can change while Envoy runs: they come from a file that is replaced by rename,
 * the way Envoy's filesystem subscription wants it. Put `dynamicResources` into the bootstrap,
 * then call `update`.
 */
export class ListenerFile {
  private readonly folder = mkdtempSync(join(tmpdir(), "gatehouse-lds-"));
  private readonly file = join(this.folder, "listeners.json");
  private version = 0;

  constructor(listeners: Parameters<typeof buildListener>[0][]) {
    this.write(listeners.map(buildListener));
  }

  /** For the bootstrap's `extra`. */
  get dynamicResources(): Json {
    const source = { path: this.file, watched_directory: { path: this.folder } };
    return {
      dynamic_resources: { lds_config: { resource_api_version: "V3", path_config_source: source } },
    };
  }

  private write(listeners: Json[]): void {
    const type = "type.googleapis.com/envoy.config.listener.v3.Listener";
    const resources = listeners.map((each) => ({ "@type": type, ...each }));
    const partial = `${this.file}.new`;
    writeFileSync(partial, JSON.stringify({ version_info: String(++this.version), resources }));
    renameSync(partial, this.file);
  }

  /**
   * Replaces all listeners and waits for Envoy's decision. A refused update leaves the old ones in
   * force; an accepted one serves on the same port as before; connections that were open before
   * keep the old one until Envoy drains them.
   */
  async update(
    envoy: RunningEnvoy,
    listeners: Parameters<typeof buildListener>[0][],
  ): Promise<Update> {
    const before = await this.verdicts(envoy);
    const from = envoy.log().length;
    this.write(listeners.map(buildListener));
    for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(POLL_MILLIS)) {
      const now = await this.verdicts(envoy);
      if (now.success > before.success && now.warming === 0) return { accepted: true };
      if (now.rejected > before.rejected)
        return { accepted: false, reason: envoy.log().slice(from) };
    }
    throw new EnvoyError("Envoy did not take notice of the new listener file", envoy.log());
  }

  private async verdicts(
    envoy: RunningEnvoy,
  ): Promise<{ success: number; rejected: number; warming: number }> {
    const stats = await envoy.stats("^listener_manager\\.");
    return {
      success: stats["listener_manager.lds.update_success"] ?? 0,
      rejected: stats["listener_manager.lds.update_rejected"] ?? 0,
      warming: stats["listener_manager.total_listeners_warming"] ?? 0,
    };
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
