// Names of images: registry, repository, tag or digest (OCI distribution specification, section
// "Pulling manifests").
import { ToolError } from "../core/problem.ts";

export interface Name {
  /** Host and port as dialled. */
  registry: string;
  repository: string;
  /** True when the registry speaks plain HTTP: loopback, or by the user's word. */
  plainHttp: boolean;
}

const repositoryPattern = /^[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/;
const dockerHub = "index.docker.io";
/** Hosts plus a path longer than this are refused by registries. */
const nameLengthMax = 255;

/**
 * Parses `host[:port]/path` (`oci://` before it is allowed). Without a host it is Docker Hub's,
 * as docker reads it.
 */
export function parseName(text: string, plainHttp = false): Name {
  const bare = text.replace(/^oci:\/\//, "").replace(/\/+$/, "");
  const [first = "", ...rest] = bare.split("/");
  const isHost =
    rest.length > 0 && (first.includes(".") || first.includes(":") || first === "localhost");
  const host = isHost ? first : dockerHub;
  const path = isHost ? rest.join("/") : bare;
  const repository = !isHost && rest.length === 0 ? `library/${path}` : path;
  if (!repositoryPattern.test(repository) || bare.length > nameLengthMax) {
    const right = "write host[:port]/path in lower case, without a tag";
    throw new ToolError("usage", `"${text}" is no image repository; ${right}`);
  }
  const registry = host === "docker.io" ? dockerHub : host;
  return { registry, repository, plainHttp: plainHttp || isLoopback(registry) };
}

/** Loopback hosts may speak plain HTTP: nothing leaves the machine. */
function isLoopback(registry: string): boolean {
  const host = registry.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** The base URL of the registry's API. */
export function originOf(name: Name): string {
  const host = name.registry === dockerHub ? "registry-1.docker.io" : name.registry;
  return `${name.plainHttp ? "http" : "https"}://${host}`;
}

/** A name as people write it, with tag or digest. */
export function nameText(name: Name, reference: string): string {
  return `${name.registry}/${name.repository}${reference.startsWith("sha256:") ? "@" : ":"}${reference}`;
}
