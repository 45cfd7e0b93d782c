// One Envoy that runs HTTP filters as istiod wrote them, each list of filters at an address of its
// own. A request comes from where it says, to where it says, with the certificate that it says.
import { mkdirSync, writeFileSync } from "node:fs";
import { connect as connectSession } from "node:http2";
import type { ClientHttp2Session, OutgoingHttpHeaders } from "node:http2";
import { connect as connectSocket, isIPv6 } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import type { NativeRequest } from "../../deploy/native/types.ts";
import { selfSigned, uriNamed } from "../support/certificate.ts";
import type { Certificate } from "../support/certificate.ts";
import { Child, until } from "./children.ts";
import { logFolder } from "./stack.ts";
import type { Stack } from "./stack.ts";
import { any, message } from "./wire.ts";

const adminPort = 16100;
const port = 16443;
const manager = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
/** What the answer says of the request that reached the router. */
const seenPrefix = "seen-";

/** What Envoy did with one request. */
export interface Outcome {
  status: number;
  /** Headers of `shown`, as the router saw them; without those that were absent. */
  seen: Readonly<Record<string, string>>;
}

/** `static_resources` of a bootstrap. */
export interface Statics {
  listeners?: readonly object[];
  clusters?: readonly object[];
}

export interface FilterChainsOptions {
  /** Names of headers that an answer tells. */
  shown: readonly string[];
  /** What filters name beside themselves. */
  statics?: Statics;
}

export class FilterChains {
  readonly #child: Child;
  readonly #sessions = new Map<string, Promise<ClientHttp2Session>>();
  readonly #certificates = new Map<string, Certificate>();

  readonly #shown: readonly string[];

  private constructor(child: Child, shown: readonly string[]) {
    this.#child = child;
    this.#shown = shown;
  }

  /** `chains[i]` are the HttpFilter messages behind address `i`. */
  static async start(
    stack: Stack,
    name: string,
    chains: readonly (readonly Buffer[])[],
    { shown, statics = {} }: FilterChainsOptions,
  ): Promise<FilterChains> {
    const folder = join(stack.folder, name);
    mkdirSync(folder, { recursive: true });
    const own = selfSigned("service.example.com");
    const listeners = chains.map((filters, at) => listenerOf(filters, at, own, shown));
    const resources = listeners.map((listener): [number, Buffer] => [
      2,
      any("envoy.config.listener.v3.Listener", listener),
    ]);
    writeFileSync(join(folder, "listeners.pb"), message([1, "1"], ...resources));
    const bootstrap = {
      node: { id: name, cluster: name },
      admin: { address: { socket_address: { address: "127.0.0.1", port_value: adminPort } } },
      dynamic_resources: {
        lds_config: { path_config_source: { path: join(folder, "listeners.pb") } },
      },
      static_resources: statics,
    };
    writeFileSync(join(folder, "bootstrap.json"), JSON.stringify(bootstrap));
    const args = ["-c", join(folder, "bootstrap.json"), "--concurrency", "1", "-l", "warning"];
    const child = new Child(name, stack.envoy, [...args, "--disable-hot-restart"], {
      logs: logFolder,
    });
    const ready = async () => (await fetch(`http://127.0.0.1:${adminPort}/ready`)).ok;
    await until(`${name} ready`, ready, { child, millis: 60_000 });
    const stats = await (await fetch(`http://127.0.0.1:${adminPort}/stats?filter=lds`)).text();
    if (!/lds\.update_rejected: 0/.test(stats))
      throw new Error(`Envoy refuses a listener:\n${child.tail()}`);
    return new FilterChains(child, shown);
  }

  async send(chain: number, request: NativeRequest): Promise<Outcome> {
    const session = await this.#session(chain, request);
    const headers: OutgoingHttpHeaders = {
      ":method": request.method,
      ":scheme": request.scheme,
      ":authority": request.host,
      ":path": request.path,
    };
    for (const [name, value] of request.headers)
      headers[name] = name in headers ? [headers[name] as string, value].flat() : value;
    const { remote } = request.source;
    if (isIPv6(remote) !== isIPv6(request.destination.address)) headers["x-forwarded-for"] = remote;
    return new Promise((done, fail) => {
      const stream = session.request(headers);
      stream.on("response", (response) => {
        const seen = Object.entries(response).filter(([name]) => name.startsWith(seenPrefix));
        const found = seen.flatMap(([name, value]) => {
          const known = this.#shown.find((each) => seenName(each) === name);
          return known === undefined || value === "-" ? [] : [[known, String(value)]];
        });
        done({ status: response[":status"]!, seen: Object.fromEntries(found) });
      });
      stream.on("error", fail);
      stream.on("close", () => fail(new Error(`no answer to ${JSON.stringify(request)}`)));
      stream.resume();
      stream.end();
    });
  }

  /** Ends the connections that are open: what comes next are others. */
  async disconnect(): Promise<void> {
    for (const session of await Promise.all(this.#sessions.values())) session.destroy();
    this.#sessions.clear();
  }

  async stop(): Promise<void> {
    await this.disconnect();
    await this.#child.stop();
  }

  #session(chain: number, request: NativeRequest): Promise<ClientHttp2Session> {
    const { source, destination, peer } = request;
    const key = JSON.stringify([chain, source, destination, peer]);
    let session = this.#sessions.get(key);
    if (!session) this.#sessions.set(key, (session = this.#connect(chain, request)));
    return session;
  }

  async #connect(chain: number, request: NativeRequest): Promise<ClientHttp2Session> {
    const { source, destination, peer } = request;
    const socket = connectSocket({
      host: addressOf(chain, isIPv6(source.direct)),
      port,
      localAddress: source.direct,
      noDelay: true,
    });
    await new Promise<void>((done, fail) => socket.once("connect", done).once("error", fail));
    socket.unref();
    socket.write(proxyLine(request));
    const isSecure = peer !== undefined || destination.serverName !== undefined;
    const carrier = isSecure ? await this.#secured(socket, request) : socket;
    const session = connectSession("http://envoy", { createConnection: () => carrier });
    session.on("error", () => {});
    session.unref();
    return session;
  }

  async #secured(socket: Socket, { peer, destination }: NativeRequest): Promise<Socket> {
    const { certificate, key } = peer === undefined ? {} : this.#certificateOf(peer);
    const secured = connectTls({
      socket,
      ALPNProtocols: ["h2"],
      rejectUnauthorized: false,
      cert: certificate,
      key,
      servername: destination.serverName,
    });
    await new Promise<void>((done, fail) =>
      secured.once("secureConnect", done).once("error", fail),
    );
    return secured;
  }

  #certificateOf(peer: string): Certificate {
    let known = this.#certificates.get(peer);
    if (!known) this.#certificates.set(peer, (known = uriNamed(peer)));
    return known;
  }
}

function addressOf(chain: number, isV6: boolean): string {
  return isV6 ? `fd64::${chain.toString(16)}` : `10.64.${chain >> 8}.${chain & 255}`;
}

/** Networks that clients and chains have their addresses in: for `addNetworks`. */
export const networks = ["10.64.0.0/16", "10.0.0.0/24", "192.0.2.0/24", "198.51.100.0/24"].concat(
  "203.0.113.0/24",
  "fd64::/16",
  "2001:db8::/32",
);

/** The PROXY protocol says what the client connected to; its source is what counts as remote. */
function proxyLine({ source, destination }: NativeRequest): string {
  const isV6 = isIPv6(destination.address);
  const other = isV6 ? "2001:db8::99" : "198.51.100.99";
  const remote = isIPv6(source.remote) === isV6 ? source.remote : other;
  return `PROXY TCP${isV6 ? 6 : 4} ${remote} ${destination.address} 40000 ${destination.port}\r\n`;
}

function listenerOf(
  filters: readonly Buffer[],
  at: number,
  own: Certificate,
  shown: readonly string[],
): Buffer {
  const config = message(
    [1, 2],
    [2, `chain_${at}`],
    [4, routes(shown)],
    ...filters.map((filter): [number, Buffer] => [5, filter]),
  );
  const filter = message([1, "http"], [4, any(manager, config)]);
  const secure = message(
    [1, message([9, "tls"])],
    [3, filter],
    [
      6,
      message(
        [1, "tls"],
        [3, any("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", tls(own))],
      ),
    ],
    [7, "secure"],
  );
  return message(
    [1, `chain-${at}`],
    [2, socketAddress(addressOf(at, false))],
    [3, secure],
    [3, message([3, filter], [7, "plain"])],
    [9, listenerFilter("proxy_protocol", "ProxyProtocol")],
    [9, listenerFilter("tls_inspector", "TlsInspector")],
    [33, message([1, socketAddress(addressOf(at, true))])],
  );
}

function socketAddress(address: string): Buffer {
  return message([1, message([2, address], [3, port])]);
}

function listenerFilter(name: string, type: string): Buffer {
  const config = any(`envoy.extensions.filters.listener.${name}.v3.${type}`, Buffer.alloc(0));
  return message([1, `envoy.filters.listener.${name}`], [3, config]);
}

/** Whoever a client says it is, it is: its certificate is checked by nobody. */
function tls({ certificate, key }: Certificate): Buffer {
  const inline = (text: string) => message([3, text]);
  const pair = message([1, inline(certificate)], [2, inline(key)]);
  const validation = message([1, inline(certificate)], [10, 1]);
  return message([1, message([2, pair], [3, validation], [4, "h2"])]);
}

/** One answer for all, which tells what the request looked like in the end. */
function routes(shown: readonly string[]): Buffer {
  const told = shown.map((name): [number, Buffer] => [
    10,
    message([1, message([1, seenName(name)], [2, `%REQ(${name})%`])]),
  ]);
  const route = message([1, message([1, "/"])], [7, message([1, 200])], ...told);
  return message([1, "all"], [2, message([1, "all"], [2, "*"], [3, route])]);
}

function seenName(name: string): string {
  return seenPrefix + name.replace(":", "");
}
