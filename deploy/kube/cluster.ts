// The API server, as much of it as the tool needs. Knows @kubernetes/client-node; refuses to know
// what a policy is.
import {
  ApiException,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
} from "@kubernetes/client-node";
import type { KubernetesObject, RequestContext } from "@kubernetes/client-node";
import { ToolError, reasonOf } from "../core/problem.ts";
import type { Resource } from "../render/plugin.ts";
import { conflictsIn } from "./conflict.ts";
import type { Conflict } from "./conflict.ts";

/** Who we are among the owners of fields (server-side apply). */
export const fieldManager = "gatehouse";

export interface Header {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}

export interface ApplyOptions {
  dryRun?: boolean;
  /** Takes over fields that others own. */
  force?: boolean;
}

/** A conflict is an answer, not an error: the caller shows all of them at once. */
export type Applied =
  { resource: Resource; conflicts?: undefined } | { resource?: undefined; conflicts: Conflict[] };

export interface Cluster {
  apply(resource: Resource, options?: ApplyOptions): Promise<Applied>;
  /** Undefined when there is none. */
  read(header: Header): Promise<Resource | undefined>;
  /** Undefined when the cluster does not have the kind. */
  list(
    apiVersion: string,
    kind: string,
    labelSelector?: string,
    namespace?: string,
  ): Promise<Resource[] | undefined>;
  /** False when there was none. */
  remove(header: Header): Promise<boolean>;
}

export interface ClusterOptions {
  kubeconfig?: string;
  context?: string;
  timeoutMillis: number;
}

/**
 * Connects as kubectl would: --kubeconfig, KUBECONFIG, ~/.kube/config, or the pod's own account.
 */
export function connect(options: ClusterOptions): Cluster {
  const config = new KubeConfig();
  try {
    if (options.kubeconfig) config.loadFromFile(options.kubeconfig);
    else config.loadFromDefault();
    if (options.context) {
      if (!config.getContextObject(options.context))
        throw new Error(`there is no context "${options.context}"`);
      config.setCurrentContext(options.context);
    }
  } catch (error) {
    throw new ToolError("usage", `the kubeconfig cannot be used: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  const server = currentServer(config);
  const api = config.makeApiClient(TimedApi);
  api.timeoutMillis = options.timeoutMillis;
  return new ApiServer(api, server, options.timeoutMillis);
}

/**
 * The URL of the API server. Plain HTTP is for loopback only, as `kubectl proxy` serves it:
 * elsewhere it shows the login.
 */
function currentServer(config: KubeConfig): string {
  const current = config.getCurrentCluster();
  if (!current?.server)
    throw new ToolError("usage", "no cluster: name a kubeconfig with --kubeconfig or KUBECONFIG");
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

/** The client library sets no time limit of its own. */
class TimedApi extends KubernetesObjectApi {
  timeoutMillis = 30_000;

  protected override requestPromise<T extends KubernetesObject>(
    context: RequestContext,
    type?: string,
  ): Promise<T> {
    context.setSignal(AbortSignal.timeout(this.timeoutMillis));
    return super.requestPromise<T>(context, type);
  }
}

class ApiServer implements Cluster {
  private readonly api: KubernetesObjectApi;
  private readonly server: string;
  private readonly timeoutMillis: number;

  constructor(api: KubernetesObjectApi, server: string, timeoutMillis: number) {
    this.api = api;
    this.server = server;
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
        const what = `${titleOf(resource as Header)} was changed by somebody else at the same moment`;
        throw new ToolError("conflict", `${what}: run the command again`, { cause: error });
      }
      throw this.problem(`apply ${titleOf(resource as Header)}`, error);
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
      return (answer.items ?? []).map((item) => ({ ...item, apiVersion, kind }));
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
        `cannot ${what}: ${this.server} gave no answer within ${this.timeoutMillis / 1000} s`,
        options,
      );
    if (isUnknownKind(error)) {
      return new ToolError(
        "cluster",
        `cannot ${what}: the cluster does not know this kind, install Istio's CRDs (chart base) first`,
        options,
      );
    }
    if (!(error instanceof ApiException))
      return new ToolError(
        "cluster",
        `cannot ${what}: ${this.server} cannot be reached: ${reasonOf(error)}`,
        options,
      );
    const words = messageOf(error.body);
    const hint =
      error.code === 401 ? ", log in again" : error.code === 403 ? ", ask for a role that may" : "";
    return new ToolError(
      "cluster",
      `cannot ${what}: the API server answered ${error.code}${words ? `: ${words}` : ""}${hint}`,
      options,
    );
  }
}

export function titleOf({ kind, metadata }: Header): string {
  return `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ""}${metadata.name}`;
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
