// The API server, as much of it as the tool needs. The only file that knows
// @kubernetes/client-node; it is loaded by the verbs that talk to a cluster, and by no other.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { homedir } from "node:os";
import {
  ApiException,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
} from "@kubernetes/client-node";
import type { KubernetesObject, RequestContext } from "@kubernetes/client-node";
import { ToolError, reasonOf } from "../core/problem.ts";
import { titleOf } from "../core/resource.ts";
import type { Header, Resource } from "../core/resource.ts";
import { fieldManager } from "./cluster.ts";
import type { Applied, ApplyOptions, Cluster, Target } from "./cluster.ts";
import { conflictsIn } from "./conflict.ts";

export interface ClusterOptions {
  kubeconfig?: string;
  context?: string;
  timeoutMillis: number;
}

/**
 * Connects as kubectl would: --kubeconfig, KUBECONFIG, ~/.kube/config, or the pod's own account.
 */
export function connect(options: ClusterOptions): Cluster {
  const config = configOf(options);
  const server = currentServer(config);
  const api = config.makeApiClient(TimedApi);
  api.timeoutMillis = options.timeoutMillis;
  return new ApiServer(api, { context: config.currentContext, server }, options.timeoutMillis);
}

function configOf({ kubeconfig, context }: ClusterOptions): KubeConfig {
  try {
    const config = kubeconfig ? fromFiles([kubeconfig]) : fromEnvironment();
    if (context) {
      if (!config.getContextObject(context)) throw new Error(`there is no context "${context}"`);
      config.setCurrentContext(context);
    }
    return config;
  } catch (error) {
    throw new ToolError("usage", `the kubeconfig cannot be used: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function fromEnvironment(): KubeConfig {
  const listed = (process.env.KUBECONFIG ?? "").split(delimiter).filter(Boolean);
  const files = (listed.length > 0 ? listed : [join(homedir(), ".kube/config")]).filter(existsSync);
  if (files.length > 0) return fromFiles(files);
  const config = new KubeConfig();
  // In a pod: the token of its service account. Elsewhere a made-up localhost:8080, as no kubectl
  // of today assumes it.
  if (listed.length === 0 && process.env.KUBERNETES_SERVICE_HOST) config.loadFromCluster();
  return config;
}

/**
 * Several files as one. Of two entries with one name the first counts, and so does the first
 * current context, as kubectl merges them.
 */
function fromFiles(files: string[]): KubeConfig {
  const configs = files.map((file) => {
    const config = new KubeConfig();
    config.loadFromFile(file);
    return config;
  });
  const merged = new KubeConfig();
  merged.loadFromOptions({
    clusters: firstOfName(configs.flatMap(({ clusters }) => clusters ?? [])),
    users: firstOfName(configs.flatMap(({ users }) => users ?? [])),
    contexts: firstOfName(configs.flatMap(({ contexts }) => contexts ?? [])),
    currentContext: configs.map(({ currentContext }) => currentContext).find(Boolean) ?? "",
  });
  return merged;
}

function firstOfName<T extends { name: string }>(entries: T[]): T[] {
  return entries.filter(({ name }, at) => entries.findIndex((one) => one.name === name) === at);
}

/**
 * The URL of the API server. Plain HTTP is for loopback only, as `kubectl proxy` serves it:
 * elsewhere it shows the login.
 */
function currentServer(config: KubeConfig): string {
  const current = config.getCurrentCluster();
  if (!current?.server)
    throw new ToolError("usage", "no cluster; name a kubeconfig with --kubeconfig or KUBECONFIG");
  const { server, name } = current;
  if (!/^http:\/\//i.test(server)) return server;
  if (!/^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?(\/|$)/i.test(server))
    throw new ToolError(
      "usage",
      `${server} is not encrypted: the kubeconfig must name it with https`,
    );
  config.clusters = config.clusters.map((each) =>
    each.name === name ? { ...each, skipTLSVerify: true } : each,
  );
  return server;
}

class TimedOut extends Error {
  override readonly name = "TimeoutError";
}

/** The client library sets no time limit of its own. */
class TimedApi extends KubernetesObjectApi {
  timeoutMillis = 30_000;

  protected override requestPromise<T extends KubernetesObject>(
    context: RequestContext,
    type?: string,
  ): Promise<T> {
    const abort = new AbortController();
    // Not AbortSignal.timeout: the client writes into the message of what it is aborted with, and
    // that of a DOMException cannot be written.
    const timer = setTimeout(() => abort.abort(new TimedOut()), this.timeoutMillis);
    context.setSignal(abort.signal);
    return super.requestPromise<T>(context, type).finally(() => clearTimeout(timer));
  }
}

class ApiServer implements Cluster {
  readonly target: Target;
  private readonly api: KubernetesObjectApi;
  private readonly timeoutMillis: number;

  constructor(api: KubernetesObjectApi, target: Target, timeoutMillis: number) {
    this.api = api;
    this.target = target;
    this.timeoutMillis = timeoutMillis;
  }

  async apply(resource: Resource, { dryRun, force }: ApplyOptions = {}): Promise<Applied> {
    const spec = structuredClone(resource) as KubernetesObject;
    try {
      const strategy = PatchStrategy.ServerSideApply;
      const answer = await this.api.patch(
        spec,
        undefined,
        dryRun ? "All" : undefined,
        fieldManager,
        force ?? false,
        strategy,
      );
      return { resource: answer as Resource };
    } catch (error) {
      const conflicts =
        error instanceof ApiException && error.code === 409 ? conflictsIn(error.body) : [];
      if (conflicts.length > 0) return { conflicts };
      if (error instanceof ApiException && error.code === 409) {
        const what = `${titleOf(resource)} was changed by another client at the same moment`;
        const cause = new Error(messageOf(error.body));
        throw new ToolError("conflict", `${what}; run the command again`, { cause });
      }
      throw this.problem(`apply ${titleOf(resource)}`, error);
    }
  }

  async read(header: Header): Promise<Resource | undefined> {
    try {
      return (await this.api.read(structuredClone(header) as never)) as Resource;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw this.problem(`read ${titleOf(header)}`, error);
    }
  }

  async list(
    apiVersion: string,
    kind: string,
    labelSelector?: string,
    namespace?: string,
  ): Promise<Resource[] | undefined> {
    try {
      const none = undefined;
      const answer = await this.api.list(
        apiVersion,
        kind,
        namespace,
        none,
        none,
        none,
        none,
        labelSelector,
      );
      // Items of a list come without their kind.
      return (answer.items ?? []).map((item) => ({ ...item, apiVersion, kind }) as Resource);
    } catch (error) {
      if (isUnknownKind(error)) return undefined;
      throw this.problem(`list ${kind}`, error);
    }
  }

  async remove(header: Header): Promise<boolean> {
    try {
      await this.api.delete(structuredClone(header) as KubernetesObject);
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw this.problem(`remove ${titleOf(header)}`, error);
    }
  }

  private problem(what: string, error: unknown): ToolError {
    if (error instanceof ToolError) return error;
    const options = { cause: error };
    if (isTimeout(error))
      return new ToolError(
        "timeout",
        `cannot ${what}: ${this.target.server} gave no answer within ${this.timeoutMillis / 1000} s`,
        options,
      );
    if (isUnknownKind(error)) {
      return new ToolError(
        "cluster",
        `cannot ${what}: the cluster does not know this kind; ${/TrafficExtension/.test(what) ? "TrafficExtension came with Istio 1.30: use --api WasmPlugin, or upgrade Istio" : "install Istio's CRDs (chart base) first"}`,
        options,
      );
    }
    if (!(error instanceof ApiException))
      return new ToolError(
        "cluster",
        `cannot ${what}: ${this.target.server} cannot be reached: ${reasonOf(error)}`,
        options,
      );
    const words = messageOf(error.body);
    const hint =
      error.code === 401 ? "; log in again" : error.code === 403 ? "; ask for a role that may" : "";
    // Without the library's error as the cause: that one prints each header of the answer.
    return new ToolError(
      "cluster",
      `cannot ${what}: the API server answered ${error.code}${words ? `: ${words}` : ""}${hint}`,
    );
  }
}

function isMissing(error: unknown): boolean {
  return (error instanceof ApiException && error.code === 404) || isUnknownKind(error);
}

/** The library throws plain errors while it finds out a kind's path. */
function isUnknownKind(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.message.startsWith("Unrecognized API version and kind")) return true;
  return (
    error.message.startsWith("Failed to fetch resource metadata") &&
    error instanceof ApiException &&
    error.code === 404
  );
}

function isTimeout(error: unknown): boolean {
  const names = [error, (error as Error | undefined)?.cause].map((one) =>
    one instanceof Error ? one.name : "",
  );
  return names.some((name) => name === "TimeoutError" || name === "AbortError");
}

/** The message of a Status object, however the library hands it over. */
function messageOf(body: unknown): string {
  let status = body;
  if (typeof body === "string") {
    try {
      status = JSON.parse(body);
    } catch {
      return body.slice(0, 300);
    }
  }
  return String((status as { message?: unknown } | undefined)?.message ?? "");
}
