// Which of Envoy's operators are one property of the proxy, and which metadata it lets a filter see. The rest is in
// operator-maker.ts, and what cannot be had at all in impossible.ts.

/** How a property becomes a value, by the letter in PROPERTIES. */
export const FORMS = "twicmap";
export const enum PropertyForm {
  Text,
  /** White space becomes "_". */
  Word,
  Integer,
  /** An integer that is 0 when absent. */
  Count,
  Millis,
  /** An address without its port. */
  Address,
  Port,
}

/** Name, form and path in CEL's dotted notation. One text: as single ones they would take twice the room in the module. */
const PROPERTIES = `
PROTOCOL t request.protocol
CONNECTION_TERMINATION_DETAILS t connection.termination_details
ROUTE_NAME t xds.route_name
FILTER_CHAIN_NAME t xds.filter_chain_name
CONNECTION_ID i connection.id
BYTES_SENT i response.size
UPSTREAM_HOST t upstream.address
UPSTREAM_REMOTE_ADDRESS t upstream.address
UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT a upstream.address
UPSTREAM_REMOTE_PORT p upstream.address
UPSTREAM_CLUSTER t xds.cluster_name
UPSTREAM_CLUSTER_RAW t xds.cluster_name
UPSTREAM_LOCAL_ADDRESS t upstream.local_address
UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT a upstream.local_address
UPSTREAM_LOCAL_PORT p upstream.local_address
UPSTREAM_REQUEST_ATTEMPT_COUNT c upstream.request_attempt_count
UPSTREAM_TRANSPORT_FAILURE_REASON w upstream.transport_failure_reason
UPSTREAM_CONNECTION_POOL_READY_DURATION m upstream.cx_pool_ready_duration
UPSTREAM_TLS_VERSION t upstream.tls_version
UPSTREAM_PEER_SUBJECT t upstream.subject_peer_certificate
UPSTREAM_PEER_URI_SAN t upstream.uri_san_peer_certificate
UPSTREAM_PEER_DNS_SAN t upstream.dns_san_peer_certificate
UPSTREAM_LOCAL_URI_SAN t upstream.uri_san_local_certificate
UPSTREAM_LOCAL_DNS_SAN t upstream.dns_san_local_certificate
DOWNSTREAM_REMOTE_ADDRESS t source.address
DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT a source.address
DOWNSTREAM_REMOTE_PORT p source.address
DOWNSTREAM_LOCAL_ADDRESS t destination.address
DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT a destination.address
DOWNSTREAM_LOCAL_PORT p destination.address
DOWNSTREAM_TRANSPORT_FAILURE_REASON w connection.transport_failure_reason
DOWNSTREAM_TLS_VERSION t connection.tls_version
DOWNSTREAM_PEER_SUBJECT t connection.subject_peer_certificate
DOWNSTREAM_LOCAL_SUBJECT t connection.subject_local_certificate
DOWNSTREAM_PEER_URI_SAN t connection.uri_san_peer_certificate
DOWNSTREAM_LOCAL_URI_SAN t connection.uri_san_local_certificate
DOWNSTREAM_PEER_DNS_SAN t connection.dns_san_peer_certificate
DOWNSTREAM_LOCAL_DNS_SAN t connection.dns_san_local_certificate
DOWNSTREAM_PEER_FINGERPRINT_256 t connection.sha256_peer_certificate_digest
REQUESTED_SERVER_NAME t connection.requested_server_name
`;

/** The form's letter and the path of the operator `name`, with a blank between; empty when it is no property. */
export function propertyOf(name: string): string {
  const start = PROPERTIES.indexOf("\n" + name + " ");
  if (start < 0) return "";
  const row = PROPERTIES.substring(start + name.length + 2);
  return row.substring(0, row.indexOf("\n"));
}

/** What METADATA(TYPE:…) names. */
export const METADATA_TYPES = ["DYNAMIC", "CLUSTER", "ROUTE", "UPSTREAM_HOST", "LISTENER", "VIRTUAL_HOST"];
export const METADATA_PATHS = [
  "metadata",
  "xds.cluster_metadata",
  "xds.route_metadata",
  "xds.upstream_host_metadata",
  "xds.listener_metadata",
  "xds.virtual_host_metadata",
];
