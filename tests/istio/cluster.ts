// The API server as plain HTTP: server-side apply of manifests, reading back, waiting. Knows
// Kubernetes, not Istio, and shares no code with the tool under test.
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { parseAllDocuments } from "yaml";
import { until } from "./children.ts";

/** The field manager of what tests write themselves; the tool under test has its own. */
const FIELD_MANAGER = "istio-suite";

export interface Resource {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    generation?: number;
    [key: string]: any;
  };
  [key: string]: any;
}

interface Reply {
  status: number;
  body: any;
}

/** The API server or an admission webhook said no; the message is theirs. */
export class Refused extends Error {
  readonly code: number;

  constructor(what: string, reply: Reply) {
    super(`${what}: ${reply.body?.message ?? JSON.stringify(reply.body)}`);
    this.code = reply.status;
  }
}

export class Cluster {
  readonly kubeconfig: string;
  #server: string;
  #headers: Record<string, string>;
  #agent: Agent;
  /** apiVersion → kind → how it is addressed. */
  #kinds = new Map<string, Map<string, { plural: string; namespaced: boolean }>>();

  constructor(kubeconfig: string) {
    this.kubeconfig = kubeconfig;
    const { clusters, users } = JSON.parse(readFileSync(kubeconfig, "utf8"));
    this.#server = clusters[0].cluster.server;
    this.#headers = { authorization: `Bearer ${users[0].user.token}` };
    const ca = readFileSync(clusters[0].cluster["certificate-authority"]);
    this.#agent = new Agent({ ca, keepAlive: true, maxSockets: 16 });
  }

  /** Server-side applies every document, one after the other; throws `Refused`. */
  async apply(manifests: string | Resource | Resource[], { dryRun = false } = {}): Promise<void> {
    for (const resource of parse(manifests)) await this.#applyOne(resource, dryRun);
  }

  /** As `apply`, all at once: for what does not depend on each other, as CRDs. */
  async applyAll(manifests: string | Resource[]): Promise<void> {
    await Promise.all(parse(manifests).map((resource) => this.#applyOne(resource, false)));
  }

  /** Writes the status part, as a controller would. */
  async applyStatus(resource: Resource): Promise<void> {
    await this.#applyOne(resource, false, "/status");
  }

  async create(resource: Resource): Promise<void> {
    const path = await this.#path(resource.apiVersion, resource.kind, resource.metadata.namespace);
    await this.#call("POST", path, resource, `create ${nameOf(resource)}`);
  }

  /** What the API server would say to a new resource: nothing, or why it refuses. */
  async evaluate(resource: Resource): Promise<string | undefined> {
    const path = await this.#path(resource.apiVersion, resource.kind, "default");
    const query = "?dryRun=All&fieldValidation=Strict";
    const { status, body } = await this.#send("POST", path + query, resource);
    return status < 300 ? undefined : String(body?.message ?? JSON.stringify(body));
  }

  async get(kind: string, name: string, namespace?: string): Promise<Resource> {
    const path = `${await this.#path(...versions(kind), namespace)}/${name}`;
    return (await this.#call("GET", path, undefined, `get ${kind} ${namespace ?? ""}/${name}`))
      .body;
  }

  /** A token of a service account, as kubelet would have mounted it. */
  async token(namespace: string, account: string, audience: string): Promise<string> {
    const spec = { audiences: [audience], expirationSeconds: 86_400 };
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec };
    return (await this.#call("POST", path, body, `token of ${namespace}/${account}`)).body.status
      .token;
  }

  /** Undefined if there is none. */
  async find(kind: string, name: string, namespace?: string): Promise<Resource | undefined> {
    try {
      return await this.get(kind, name, namespace);
    } catch (error) {
      if (error instanceof Refused && error.code === 404) return undefined;
      throw error;
    }
  }

  /** All of a kind, in one namespace or in every one. */
  async list(kind: string, namespace?: string): Promise<Resource[]> {
    const path = await this.#path(...versions(kind), namespace);
    return (await this.#call("GET", path, undefined, `list ${kind}`)).body.items;
  }

  /** Gone already is fine. */
  async delete(kind: string, name: string, namespace?: string): Promise<void> {
    const path = `${await this.#path(...versions(kind), namespace)}/${name}?gracePeriodSeconds=0`;
    const reply = await this.#send("DELETE", path);
    if (reply.status >= 300 && reply.status !== 404)
      throw new Refused(`delete ${kind} ${name}`, reply);
  }

  /** Waits until every CRD of these is served. */
  async established(names: string[]): Promise<void> {
    await until("CRDs established", async () => {
      const all = await this.list("CustomResourceDefinition");
      const served = new Set(all.filter(isEstablished).map(({ metadata }) => metadata.name));
      return names.every((name) => served.has(name));
    });
    this.#kinds.clear();
  }

  async #applyOne(resource: Resource, dryRun: boolean, subresource = ""): Promise<void> {
    const { apiVersion, kind, metadata } = resource;
    const collection = await this.#path(apiVersion, kind, metadata.namespace ?? "default");
    const query = `fieldManager=${FIELD_MANAGER}&force=true&fieldValidation=Strict${dryRun ? "&dryRun=All" : ""}`;
    await this.#call(
      "PATCH",
      `${collection}/${metadata.name}${subresource}?${query}`,
      resource,
      nameOf(resource),
    );
  }

  async #path(apiVersion: string, kind: string, namespace?: string): Promise<string> {
    const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    let known = this.#kinds.get(apiVersion);
    if (!known?.has(kind)) {
      const { body } = await this.#call("GET", group, undefined, `${apiVersion} is not served`);
      const resources = body.resources.filter(({ name }: { name: string }) => !name.includes("/"));
      known = new Map(
        resources.map(({ kind, name, namespaced }: any) => [kind, { plural: name, namespaced }]),
      );
      this.#kinds.set(apiVersion, known!);
    }
    const entry = known!.get(kind);
    if (!entry)
      throw new Refused(`${apiVersion} ${kind}`, { status: 404, body: "no such kind is served" });
    return `${group}${entry.namespaced && namespace ? `/namespaces/${namespace}` : ""}/${entry.plural}`;
  }

  async #call(method: string, path: string, body: unknown, what: string): Promise<Reply> {
    const reply = await this.#send(method, path, body);
    if (reply.status >= 300) throw new Refused(what, reply);
    return reply;
  }

  #send(method: string, path: string, body?: unknown): Promise<Reply> {
    const type = method === "PATCH" ? "application/apply-patch+yaml" : "application/json";
    const headers = body === undefined ? this.#headers : { ...this.#headers, "content-type": type };
    return new Promise((done, fail) => {
      const outgoing = request(
        this.#server + path,
        { method, headers, agent: this.#agent },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (data) => (text += data));
          response.on("end", () => done({ status: response.statusCode!, body: json(text) }));
          response.on("error", fail);
        },
      );
      outgoing.on("error", fail);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

function json(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isEstablished({ status }: Resource): boolean {
  return (
    status?.conditions?.some(
      ({ type, status }: any) => type === "Established" && status === "True",
    ) ?? false
  );
}

function nameOf({ kind, metadata }: Resource): string {
  return `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ""}${metadata.name}`;
}

/** The documents of a YAML text, or what was given as objects. */
export function parse(manifests: string | Resource | Resource[]): Resource[] {
  if (typeof manifests !== "string") return Array.isArray(manifests) ? manifests : [manifests];
  return parseAllDocuments(manifests).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    const value = document.toJS() as Resource | null;
    return value === null ? [] : [value];
  });
}

const groups: Record<string, string> = {
  WasmPlugin: "extensions.istio.io/v1alpha1",
  TrafficExtension: "extensions.istio.io/v1alpha1",
  VirtualService: "networking.istio.io/v1",
  DestinationRule: "networking.istio.io/v1",
  ServiceEntry: "networking.istio.io/v1",
  Sidecar: "networking.istio.io/v1",
  Gateway: "networking.istio.io/v1",
  EnvoyFilter: "networking.istio.io/v1alpha3",
  RequestAuthentication: "security.istio.io/v1",
  AuthorizationPolicy: "security.istio.io/v1",
  Telemetry: "telemetry.istio.io/v1",
  Canary: "flagger.app/v1beta1",
  Deployment: "apps/v1",
  CustomResourceDefinition: "apiextensions.k8s.io/v1",
  ValidatingWebhookConfiguration: "admissionregistration.k8s.io/v1",
};

/** A kind of the table above or of the core group, or `group/version/Kind`. */
function versions(kind: string): [apiVersion: string, kind: string] {
  const cut = kind.lastIndexOf("/");
  if (cut > 0) return [kind.slice(0, cut), kind.slice(cut + 1)];
  return [groups[kind] ?? "v1", kind];
}
