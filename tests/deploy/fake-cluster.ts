// An API server small enough to fail on purpose: keeps what it is given, refuses in the words
// that a real one was heard to use. That the tool's verbs do what they say is shown on a real one
// in tests/istio.
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Refusal {
  /** Part of `METHOD path?query`. */
  on: string;
  /** HTTP status and body; `cut` ends the connection, `stall` never answers. */
  answer: { code: number; body: unknown } | "cut" | "stall";
  /** Only from the n-th such request on (0 is the first); default: always. */
  after?: number;
}

const kinds: Record<string, Record<string, string>> = {
  "/api/v1": { ConfigMap: "configmaps" },
  "/apis/extensions.istio.io/v1alpha1": {
    WasmPlugin: "wasmplugins",
    TrafficExtension: "trafficextensions",
  },
  "/apis/networking.istio.io/v1": {
    VirtualService: "virtualservices",
    DestinationRule: "destinationrules",
    ServiceEntry: "serviceentries",
    Gateway: "gateways",
  },
  "/apis/networking.istio.io/v1alpha3": { EnvoyFilter: "envoyfilters" },
  "/apis/security.istio.io/v1": {
    RequestAuthentication: "requestauthentications",
    AuthorizationPolicy: "authorizationpolicies",
  },
  "/apis/admissionregistration.k8s.io/v1": {
    ValidatingWebhookConfiguration: "validatingwebhookconfigurations",
  },
};

export class FakeCluster {
  /** Path → resource. */
  readonly stored = new Map<string, any>();
  /** `METHOD path?query` of every request. */
  readonly seen: string[] = [];
  refusals: Refusal[] = [];
  /** As an istiod that writes a status: each plugin is accepted as soon as it is there. */
  accepts = false;
  /** Called after each write that changed something, with its line. */
  onWrite: (line: string) => void = () => {};
  private readonly server = createServer((request, response) => void this.serve(request, response));
  private readonly missing: string[];
  private version = 0;

  /** `missing`: API groups and versions that this cluster does not serve. */
  constructor(...missing: string[]) {
    this.missing = missing;
  }

  async start(): Promise<this> {
    await new Promise<void>((done) => this.server.listen(0, "127.0.0.1", done));
    return this;
  }
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  get kubeconfig(): string {
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "fake",
      clusters: [{ name: "fake", cluster: { server: this.url } }],
      users: [{ name: "fake", user: { token: "t" } }],
      contexts: [{ name: "fake", context: { cluster: "fake", user: "fake" } }],
    });
  }

  /** Puts a resource there as somebody else would. */
  put(resource: any): void {
    const { apiVersion, kind, metadata } = resource;
    const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const plural = kinds[base]![kind]!;
    this.stored.set(
      `${base}/namespaces/${metadata.namespace}/${plural}/${metadata.name}`,
      resource,
    );
  }

  /** Names of what is stored of a kind (plural). */
  names(plural: string): string[] {
    return [...this.stored.keys()]
      .filter((path) => path.includes(`/${plural}/`))
      .map((path) => path.split("/").at(-1)!);
  }
  /** The writes that changed something: no reads, no dry runs. */
  get writes(): string[] {
    return this.seen.filter((line) => /^(PATCH|DELETE)/.test(line) && !line.includes("dryRun=All"));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, this.url);
    const line = `${request.method} ${url.pathname}${url.search}`;
    this.seen.push(line);
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const reply = (code: number, body: unknown) =>
      response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
    const refusal = this.refusals.find(({ on }) => line.includes(on));
    if (
      refusal &&
      this.seen.filter((each) => each.includes(refusal.on)).length > (refusal.after ?? 0)
    ) {
      if (refusal.answer === "cut") return void request.socket.destroy();
      if (refusal.answer === "stall") return;
      return void reply(refusal.answer.code, refusal.answer.body);
    }
    if (this.missing.some((group) => url.pathname === `/apis/${group}`))
      return void reply(404, status(404, "NotFound"));
    const served = kinds[url.pathname];
    if (served) {
      const resources = Object.entries(served).map(([kind, name]) => ({
        kind,
        name,
        namespaced: !/Webhook/.test(kind),
      }));
      return void reply(200, {
        kind: "APIResourceList",
        groupVersion: url.pathname.slice(6),
        resources,
      });
    }
    this.serveResource(request.method!, url, Buffer.concat(parts).toString(), reply);
  }

  private serveResource(
    method: string,
    url: URL,
    body: string,
    reply: (code: number, body: unknown) => unknown,
  ): void {
    const found = this.stored.get(url.pathname);
    if (method === "PATCH") {
      const given = JSON.parse(body);
      const { generation = 0, resourceVersion } = found?.metadata ?? {};
      if (given.metadata.resourceVersion && given.metadata.resourceVersion !== resourceVersion)
        return void reply(
          409,
          status(409, "Conflict", "the object has been modified; please apply your changes"),
        );
      const isSame = found && JSON.stringify(found.spec) === JSON.stringify(given.spec);
      const metadata = {
        ...given.metadata,
        generation: isSame ? generation : generation + 1,
        resourceVersion: String(++this.version),
        managedFields: [{ manager: url.searchParams.get("fieldManager") }],
      };
      const isPlugin = url.pathname.includes("/extensions.istio.io/");
      const made = {
        ...given,
        metadata,
        ...(this.accepts && isPlugin && { status: accepted(metadata.generation) }),
      };
      if (!url.searchParams.has("dryRun")) {
        this.stored.set(url.pathname, made);
        this.onWrite(`apply ${url.pathname}`);
      }
      return void reply(found ? 200 : 201, made);
    }
    if (method === "DELETE") {
      this.stored.delete(url.pathname);
      this.onWrite(`delete ${url.pathname}`);
      return void reply(found ? 200 : 404, status(found ? 200 : 404, found ? "" : "NotFound"));
    }
    if (found) return void reply(200, found);
    const wanted = (url.searchParams.get("labelSelector") ?? "").split(",").filter(Boolean);
    const items = [...this.stored]
      .filter(([path]) => {
        // Without a namespace in the path: those of all.
        const everywhere = path.replace(/\/namespaces\/[^/]+/, "");
        return [path, everywhere].some((one) => one.startsWith(`${url.pathname}/`));
      })
      .map(([, resource]) => resource)
      .filter(({ metadata }) =>
        wanted.every((pair) => {
          const [key, value] = pair.split("=");
          const label = metadata.labels?.[key!];
          return value === undefined ? label !== undefined : label === value;
        }),
      );
    const isList = Object.values(kinds).some((names) =>
      Object.values(names).includes(url.pathname.split("/").at(-1)!),
    );
    return void (isList
      ? reply(200, { kind: "List", apiVersion: "v1", items })
      : reply(404, status(404, "NotFound")));
  }
}

function accepted(observedGeneration: number) {
  return { observedGeneration, conditions: [{ type: "Reconciled", status: "True" }] };
}

/** A Status object as the API server writes it. */
export function status(code: number, reason: string, message = "", causes?: unknown[]) {
  const details = causes && { causes };
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    details,
    code,
  };
}

/** The 409 of a server-side apply (kube-apiserver 1.37). */
export function fieldConflict(manager: string, ...fields: string[]) {
  const causes = fields.map((field) => ({
    reason: "FieldManagerConflict",
    message: `conflict with "${manager}" using extensions.istio.io/v1alpha1`,
    field,
  }));
  const message = `Apply failed with ${fields.length} conflict: conflict with "${manager}" using extensions.istio.io/v1alpha1`;
  return { code: 409, body: status(409, "Conflict", message, causes) };
}
