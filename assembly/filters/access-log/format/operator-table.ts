// Envoy's operators: what each is made from, and which of them no Wasm filter can have, with the
// reason. Operators of ours are CLAIM, VARIANT, LIMIT, REASON and ENVIRONMENT. The README has the
// whole list.
import {
  Bytes,
  NONE,
  at,
  endsWith,
  equal,
  indexOf,
  lengthOf,
  slice,
  startsWith,
  unpacked,
} from "../../../lib/bytes";

const BLANK: u8 = 0x20;
const LINE_FEED: u8 = 0x0a;
const STAR: u8 = 0x2a;

/** What may stand behind an operator's name, as the bits of a row's first digit. */
export const PARAMS = 1;
export const PARAMS_OPTIONAL = 2;
export const LENGTH = 4;

/** The letter behind the digit: how an operator of the row is made. */
export const enum Kind {
  /**
   * An address of a connection: what follows the row's name says which part of it. 1 before the
   * path: absent unless there was a connection, for the host has the address of any host that was
   * chosen.
   */
  Address = 0x61,
  Claim = 0x62,
  Constant = 0x63,
  Details = 0x64,
  Environment = 0x65,
  FilterState = 0x66,
  GrpcStatus = 0x67,
  /** With its HeaderForm. */
  Header = 0x68,
  /** A header of the request whose name the row has. */
  FixedHeader = 0x69,
  Coalesce = 0x6a,
  /** With the index of its place in METADATA_PATHS. */
  Metadata = 0x6b,
  TypedMetadata = 0x6c,
  CommonDuration = 0x6d,
  Path = 0x6e,
  QueryParam = 0x6f,
  /** A property with the form (PropertyForm) before its path. */
  Property = 0x70,
  QueryParams = 0x71,
  /** With its ResultForm. */
  Result = 0x72,
  StartTime = 0x73,
  EmitTime = 0x74,
  UniqueId = 0x75,
  /** What another filter left: a value of a type that the host does not tell. */
  Left = 0x76,
  TraceId = 0x77,
  SpanId = 0x78,
  /** No filter can have it; the reason follows, unless it is the usual one. */
  Impossible = 0x79,
}

/**
 * Name, digit and letter, and what the kind needs. "*" stands at the end of a name for all that
 * begin so, at the start for all that end so; the first row that fits counts.
 */
const OPERATORS = unpacked(`PROTOCOL 0p 0request.protocol
CONNECTION_TERMINATION_DETAILS 0p 0connection.termination_details
ROUTE_NAME 0p 0xds.route_name
FILTER_CHAIN_NAME 0p 0xds.filter_chain_name
CONNECTION_ID 0p 2connection.id
BYTES_SENT 0p 2response.size
UPSTREAM_HOST 0p 0upstream.address
UPSTREAM_CLUSTER 0p 0xds.cluster_name
UPSTREAM_CLUSTER_RAW 0p 0xds.cluster_name
UPSTREAM_REQUEST_ATTEMPT_COUNT 0p 3upstream.request_attempt_count
UPSTREAM_TRANSPORT_FAILURE_REASON 0p 1upstream.transport_failure_reason
UPSTREAM_CONNECTION_POOL_READY_DURATION 0p 4upstream.cx_pool_ready_duration
UPSTREAM_TLS_VERSION 0p 0upstream.tls_version
UPSTREAM_PEER_SUBJECT 0p 0upstream.subject_peer_certificate
UPSTREAM_PEER_URI_SAN 0p 0upstream.uri_san_peer_certificate
UPSTREAM_PEER_DNS_SAN 0p 0upstream.dns_san_peer_certificate
UPSTREAM_LOCAL_URI_SAN 0p 0upstream.uri_san_local_certificate
UPSTREAM_LOCAL_DNS_SAN 0p 0upstream.dns_san_local_certificate
DOWNSTREAM_TRANSPORT_FAILURE_REASON 0p 1connection.transport_failure_reason
DOWNSTREAM_TLS_VERSION 0p 0connection.tls_version
DOWNSTREAM_PEER_SUBJECT 0p 0connection.subject_peer_certificate
DOWNSTREAM_LOCAL_SUBJECT 0p 0connection.subject_local_certificate
DOWNSTREAM_PEER_URI_SAN 0p 0connection.uri_san_peer_certificate
DOWNSTREAM_LOCAL_URI_SAN 0p 0connection.uri_san_local_certificate
DOWNSTREAM_PEER_DNS_SAN 0p 0connection.dns_san_peer_certificate
DOWNSTREAM_LOCAL_DNS_SAN 0p 0connection.dns_san_local_certificate
DOWNSTREAM_PEER_FINGERPRINT_256 0p 0connection.sha256_peer_certificate_digest
REQUESTED_SERVER_NAME 0p 0connection.requested_server_name
REQ 5h 0
REQUEST_HEADER 5h 0
RESP 5h 1
RESPONSE_HEADER 5h 1
TRAILER 5h 2
RESPONSE_TRAILER 5h 2
REQ_SHA256 5h 3
REQUEST_HEADER_SHA256 5h 3
REQ_WITHOUT_QUERY 5h 4
STREAM_ID 0i x-request-id
REQUEST_HEADERS_BYTES 0r 0
RESPONSE_HEADERS_BYTES 0r 1
RESPONSE_TRAILERS_BYTES 0r 2
BYTES_RECEIVED 0r 3
RESPONSE_CODE 0r 4
DURATION 0r 5
RESPONSE_FLAGS 0r 6
RESPONSE_FLAGS_LONG 0r 7
GRPC_STATUS_NUMBER 0r 8
GRPC_STATUS 2g
RESPONSE_CODE_DETAILS 2d
COMMON_DURATION 1m
START_TIME 2s
EMIT_TIME 2t
PATH 6n
QUERY_PARAM 5o
QUERY_PARAMS 6q
DYNAMIC_METADATA 5k 0
CLUSTER_METADATA 5k 1
UPSTREAM_METADATA 5k 3
METADATA 5l
FILTER_STATE 5f
CLAIM 5b
VARIANT 0v gatehouse_variant
LIMIT 0v gatehouse_limit
REASON 0v gatehouse_reason
ENVIRONMENT 5e
COALESCE 5j
TRACE_ID 0w
SPAN_ID 0x
UNIQUE_ID 0u
ACCESS_LOG_TYPE 0c DownstreamEnd
UPSTREAM_REMOTE_* 0a 1upstream.address
UPSTREAM_LOCAL_* 0a 0upstream.local_address
DOWNSTREAM_REMOTE_* 0a 0source.address
DOWNSTREAM_LOCAL_* 0a 0destination.address
*_TIME_LOCAL 6y it has no time zone; use the one without _LOCAL
* _DURATION 6y the host gives no time points within a request; use DURATION or
* COMMON_DURATION(US_TX_BEG:US_RX_END)
HOSTNAME 6y the host does not give it; use ENVIRONMENT(HOSTNAME)
*CEL 6y it needs a host function that this filter does not import
UPSTREAM_* 6y
DOWNSTREAM_* 6y
*_RETRANSMITTED 6y
TLS_JA* 6y
LOCAL_REPLY_BODY 6y
CUSTOM_FLAGS 6y
VIRTUAL_CLUSTER_NAME 6y
`);

/** The row of an operator without its name; NONE when there is none. */
export function operatorRow(name: Bytes): Bytes {
  for (let from = 0; from < lengthOf(OPERATORS);) {
    const end = indexOf(OPERATORS, LINE_FEED, from);
    const row = slice(OPERATORS, from, end);
    const blank = indexOf(row, BLANK);
    if (isMeant(name, slice(row, 0, blank))) return slice(row, blank + 1);
    from = end + 1;
  }
  return NONE;
}

function isMeant(name: Bytes, pattern: Bytes): bool {
  const last = lengthOf(pattern) - 1;
  if (at(pattern, 0) == STAR) return endsWith(name, slice(pattern, 1));
  if (at(pattern, last) == STAR) return startsWith(name, slice(pattern, 0, last));
  return equal(name, pattern);
}
