// Envoy's operators that no Wasm filter can know, with the reason: the configuration is refused and says so, and the
// README's table is made of the same lines.

/** Operators by reason: names with a blank between, "*" at the end for all that begin so. */
const NAMES: string[] = [
  "START_TIME_LOCAL EMIT_TIME_LOCAL",
  "REQUEST_DURATION REQUEST_TX_DURATION RESPONSE_DURATION RESPONSE_TX_DURATION ROUNDTRIP_DURATION DOWNSTREAM_HANDSHAKE_DURATION",
  "LOCAL_REPLY_BODY",
  "CUSTOM_FLAGS BYTES_RETRANSMITTED PACKETS_RETRANSMITTED",
  "UPSTREAM_WIRE_BYTES_* DOWNSTREAM_WIRE_BYTES_* UPSTREAM_HEADER_BYTES_* DOWNSTREAM_HEADER_BYTES_* UPSTREAM_DECOMPRESSED_HEADER_BYTES_* DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_*",
  "VIRTUAL_CLUSTER_NAME UPSTREAM_HOST_NAME UPSTREAM_HOST_NAME_WITHOUT_PORT UPSTREAM_HOSTS_ATTEMPTED* UPSTREAM_HOST_NAMES_ATTEMPTED* UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID UPSTREAM_PROTOCOL UPSTREAM_CONNECTION_ID UPSTREAM_CONNECTION_IDS_ATTEMPTED UPSTREAM_DETECTED_CLOSE_TYPE UPSTREAM_LOCAL_CLOSE_REASON UPSTREAM_SERVER_NAME",
  "DOWNSTREAM_DIRECT_* DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID DOWNSTREAM_REMOTE_ADDRESS_ENDPOINT_ID DOWNSTREAM_LOCAL_CLOSE_REASON DOWNSTREAM_DETECTED_CLOSE_TYPE",
  "DOWNSTREAM_TLS_* DOWNSTREAM_PEER_* DOWNSTREAM_LOCAL_* TLS_JA3_FINGERPRINT TLS_JA4_FINGERPRINT UPSTREAM_TLS_* UPSTREAM_PEER_* UPSTREAM_LOCAL_*",
  "UPSTREAM_FILTER_STATE",
  "HOSTNAME",
  "CEL TYPED_CEL",
];
const REASONS: string[] = [
  "a Wasm filter has no time zone; use the operator without _LOCAL",
  "the host gives no time points within a request; use DURATION, COMMON_DURATION(US_TX_BEG:US_RX_END) or RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)",
  "the host does not give the body of a local reply",
  "the host does not give it",
  "the host does not give what went over the wire; use BYTES_RECEIVED, BYTES_SENT or REQUEST_HEADERS_BYTES",
  "the host does not give it; use UPSTREAM_HOST, UPSTREAM_CLUSTER or ROUTE_NAME",
  "the host gives only the address that the proxy believes in; use DOWNSTREAM_REMOTE_ADDRESS",
  "the host gives of a certificate only version, subject, the first URI and DNS name and the SHA-256 digest",
  "the host gives only the request's own filter state; use FILTER_STATE",
  "the host does not give it; pass it as a variable of the virtual machine and use ENVIRONMENT(HOSTNAME)",
  "it needs a host function that this filter does not import; use COALESCE, when or FILTER_STATE",
];

/** Why an operator of Envoy's cannot be had; empty when Envoy has no operator of this name either. */
export function whyImpossible(name: string): string {
  for (let i = 0; i < NAMES.length; i++) {
    const names = NAMES[i].split(" ");
    for (let k = 0; k < names.length; k++) {
      const each = names[k];
      const isPrefix = each.endsWith("*");
      if (isPrefix ? name.startsWith(each.substring(0, each.length - 1)) : name == each) return REASONS[i];
    }
  }
  return "";
}
