// Which of Envoy's operators are one property of the proxy, and which metadata it lets a filter see. The rest is in
// operator-maker.ts, and what cannot be had at all in impossible.ts.

/** How a property becomes a value. */
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


@final
export class PropertyRow {
  constructor(
    readonly name: string,
    readonly form: PropertyForm,
    /** CEL's dotted notation. */
    readonly path: string,
  ) {}
}

export const PROPERTIES: PropertyRow[] = [
  new PropertyRow("PROTOCOL", PropertyForm.Text, "request.protocol"),
  new PropertyRow("CONNECTION_TERMINATION_DETAILS", PropertyForm.Text, "connection.termination_details"),
  new PropertyRow("ROUTE_NAME", PropertyForm.Text, "xds.route_name"),
  new PropertyRow("FILTER_CHAIN_NAME", PropertyForm.Text, "xds.filter_chain_name"),
  new PropertyRow("CONNECTION_ID", PropertyForm.Integer, "connection.id"),
  new PropertyRow("BYTES_SENT", PropertyForm.Integer, "response.size"),
  new PropertyRow("UPSTREAM_HOST", PropertyForm.Text, "upstream.address"),
  new PropertyRow("UPSTREAM_REMOTE_ADDRESS", PropertyForm.Text, "upstream.address"),
  new PropertyRow("UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", PropertyForm.Address, "upstream.address"),
  new PropertyRow("UPSTREAM_REMOTE_PORT", PropertyForm.Port, "upstream.address"),
  new PropertyRow("UPSTREAM_CLUSTER", PropertyForm.Text, "xds.cluster_name"),
  new PropertyRow("UPSTREAM_CLUSTER_RAW", PropertyForm.Text, "xds.cluster_name"),
  new PropertyRow("UPSTREAM_LOCAL_ADDRESS", PropertyForm.Text, "upstream.local_address"),
  new PropertyRow("UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", PropertyForm.Address, "upstream.local_address"),
  new PropertyRow("UPSTREAM_LOCAL_PORT", PropertyForm.Port, "upstream.local_address"),
  new PropertyRow("UPSTREAM_REQUEST_ATTEMPT_COUNT", PropertyForm.Count, "upstream.request_attempt_count"),
  new PropertyRow("UPSTREAM_TRANSPORT_FAILURE_REASON", PropertyForm.Word, "upstream.transport_failure_reason"),
  new PropertyRow("UPSTREAM_CONNECTION_POOL_READY_DURATION", PropertyForm.Millis, "upstream.cx_pool_ready_duration"),
  new PropertyRow("UPSTREAM_TLS_VERSION", PropertyForm.Text, "upstream.tls_version"),
  new PropertyRow("UPSTREAM_PEER_SUBJECT", PropertyForm.Text, "upstream.subject_peer_certificate"),
  new PropertyRow("UPSTREAM_PEER_URI_SAN", PropertyForm.Text, "upstream.uri_san_peer_certificate"),
  new PropertyRow("UPSTREAM_PEER_DNS_SAN", PropertyForm.Text, "upstream.dns_san_peer_certificate"),
  new PropertyRow("UPSTREAM_LOCAL_URI_SAN", PropertyForm.Text, "upstream.uri_san_local_certificate"),
  new PropertyRow("UPSTREAM_LOCAL_DNS_SAN", PropertyForm.Text, "upstream.dns_san_local_certificate"),
  new PropertyRow("DOWNSTREAM_REMOTE_ADDRESS", PropertyForm.Text, "source.address"),
  new PropertyRow("DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", PropertyForm.Address, "source.address"),
  new PropertyRow("DOWNSTREAM_REMOTE_PORT", PropertyForm.Port, "source.address"),
  new PropertyRow("DOWNSTREAM_LOCAL_ADDRESS", PropertyForm.Text, "destination.address"),
  new PropertyRow("DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", PropertyForm.Address, "destination.address"),
  new PropertyRow("DOWNSTREAM_LOCAL_PORT", PropertyForm.Port, "destination.address"),
  new PropertyRow("DOWNSTREAM_TRANSPORT_FAILURE_REASON", PropertyForm.Word, "connection.transport_failure_reason"),
  new PropertyRow("DOWNSTREAM_TLS_VERSION", PropertyForm.Text, "connection.tls_version"),
  new PropertyRow("DOWNSTREAM_PEER_SUBJECT", PropertyForm.Text, "connection.subject_peer_certificate"),
  new PropertyRow("DOWNSTREAM_LOCAL_SUBJECT", PropertyForm.Text, "connection.subject_local_certificate"),
  new PropertyRow("DOWNSTREAM_PEER_URI_SAN", PropertyForm.Text, "connection.uri_san_peer_certificate"),
  new PropertyRow("DOWNSTREAM_LOCAL_URI_SAN", PropertyForm.Text, "connection.uri_san_local_certificate"),
  new PropertyRow("DOWNSTREAM_PEER_DNS_SAN", PropertyForm.Text, "connection.dns_san_peer_certificate"),
  new PropertyRow("DOWNSTREAM_LOCAL_DNS_SAN", PropertyForm.Text, "connection.dns_san_local_certificate"),
  new PropertyRow("DOWNSTREAM_PEER_FINGERPRINT_256", PropertyForm.Text, "connection.sha256_peer_certificate_digest"),
  new PropertyRow("REQUESTED_SERVER_NAME", PropertyForm.Text, "connection.requested_server_name"),
];

/** What METADATA(TYPE:…) names. */
export const METADATA_TYPES = ["DYNAMIC", "CLUSTER", "ROUTE", "UPSTREAM_HOST", "LISTENER", "VIRTUAL_HOST"];
export const METADATA_PATHS = [
  ["metadata", "filter_metadata"],
  ["xds", "cluster_metadata", "filter_metadata"],
  ["xds", "route_metadata", "filter_metadata"],
  ["xds", "upstream_host_metadata", "filter_metadata"],
  ["xds", "listener_metadata", "filter_metadata"],
  ["xds", "virtual_host_metadata", "filter_metadata"],
];
