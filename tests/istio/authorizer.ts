// What the meshes of the authorization models have beside their policies: a gateway that takes
// every host, and an external authorizer whose answer nobody else gives.
import type { Resource } from "./cluster.ts";
import { authorizerStatus, meshConfig } from "../support/authorization-fields/cases.ts";
import type { Statics } from "./filter-chains.ts";

const authorizer = { host: "authz.example.com", address: "10.64.255.1", port: 9000 };
const rootNamespace = "istio-system";

export const discoveryMesh = {
  rootNamespace,
  trustDomain: meshConfig.trustDomain,
  trustDomainAliases: meshConfig.trustDomainAliases,
  // Istio's statistics filter is not in a stock Envoy.
  defaultProviders: { metrics: [] },
  extensionProviders: meshConfig.extensionProviders.map((name) => ({
    name,
    envoyExtAuthzHttp: { service: authorizer.host, port: authorizer.port },
  })),
};

export const commonResources: Resource[] = [
  {
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: { name: "all", namespace: rootNamespace },
    spec: { servers: [{ port: { number: 8000, name: "http", protocol: "HTTP" }, hosts: ["*"] }] },
  },
  {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name: "authorizer", namespace: rootNamespace },
    spec: {
      hosts: [authorizer.host],
      ports: [{ number: authorizer.port, name: "http", protocol: "HTTP" }],
      resolution: "STATIC",
      location: "MESH_INTERNAL",
      endpoints: [{ address: authorizer.address }],
    },
  },
];

/**
 * The authorizer is a listener of the Envoy that asks it: it takes every method that a policy can
 * name.
 */
export function authorizerParts(): Statics {
  const typed = (type: string, fields: object = {}) => ({
    "@type": `type.googleapis.com/envoy.extensions.${type}`,
    ...fields,
  });
  const socket_address = { address: authorizer.address, port_value: authorizer.port };
  const route = { match: { prefix: "/" }, direct_response: { status: authorizerStatus } };
  const manager = typed("filters.network.http_connection_manager.v3.HttpConnectionManager", {
    codec_type: "HTTP2",
    stat_prefix: "authorizer",
    route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes: [route] }] },
    http_filters: [{ name: "router", typed_config: typed("filters.http.router.v3.Router") }],
  });
  const endpoint = { address: { socket_address } };
  return {
    listeners: [
      {
        name: "authorizer",
        address: { socket_address },
        filter_chains: [{ filters: [{ name: "http", typed_config: manager }] }],
      },
    ],
    clusters: [
      {
        name: `outbound|${authorizer.port}||${authorizer.host}`,
        connect_timeout: "1s",
        typed_extension_protocol_options: {
          "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": typed(
            "upstreams.http.v3.HttpProtocolOptions",
            { explicit_http_config: { http2_protocol_options: {} } },
          ),
        },
        load_assignment: {
          cluster_name: "authorizer",
          endpoints: [{ lb_endpoints: [{ endpoint }] }],
        },
      },
    ],
  };
}
