// The operators of a format: one row each, Envoy's first. A new operator is a row here; a new kind
// of value is a file beside this one. The README lists them with their arguments.
import { Bytes, path, text } from "../../../../lib/bytes";
import { ClaimRow } from "./claim";
import { CoalesceRow } from "./coalesce";
import { ConstantRow } from "./constant";
import { EnvironmentRow } from "./environment";
import { FilterStateRow } from "./filter-state";
import { GrpcForm, GrpcStatusOperator, GrpcStatusRow } from "./grpc-status";
import { FixedHeaderRow, HeaderBytesOperator, HeaderForm, HeaderRow } from "./header";
import {
  CLUSTER_METADATA,
  DYNAMIC_METADATA,
  MetadataRow,
  TypedMetadataRow,
  UPSTREAM_METADATA,
} from "./metadata";
import { DetailsRow, Needs, PropertyForm, PropertyRow } from "./property";
import {
  BytesReceivedOperator,
  CommonDurationRow,
  DurationOperator,
  FlagsOperator,
  ResponseCodeOperator,
} from "./result";
import { OperatorRow, PlainRow } from "./row";
import { PathRow, QueryParamRow, QueryParamsRow } from "./target";
import { Instant, TimeRow, Zone } from "./time";
import { TraceOperator } from "./trace";
import { Names, UnavailableRow } from "./unavailable";
import { UniqueIdOperator } from "./unique-id";
import { LeftPropertyRow } from "./untyped-property";

const NO_TIME_POINTS =
  "the host gives no time points within a request; " +
  "use DURATION or COMMON_DURATION(US_TX_BEG:US_RX_END)";
const NO_HOSTNAME = "the host does not give it; use ENVIRONMENT(HOSTNAME)";
const NO_CEL = "it needs a host function that this filter does not import";

/** The first row that is for a name counts. */
const ROWS: OperatorRow[] = [
  // Headers and the request target.
  new HeaderRow(text("REQ"), HeaderForm.Request),
  new HeaderRow(text("REQUEST_HEADER"), HeaderForm.Request),
  new HeaderRow(text("RESP"), HeaderForm.Response),
  new HeaderRow(text("RESPONSE_HEADER"), HeaderForm.Response),
  new HeaderRow(text("TRAILER"), HeaderForm.Trailers),
  new HeaderRow(text("RESPONSE_TRAILER"), HeaderForm.Trailers),
  new HeaderRow(text("REQ_SHA256"), HeaderForm.Digest),
  new HeaderRow(text("REQUEST_HEADER_SHA256"), HeaderForm.Digest),
  new HeaderRow(text("REQ_WITHOUT_QUERY"), HeaderForm.WithoutQuery),
  new FixedHeaderRow(text("STREAM_ID"), text("x-request-id")),
  new PathRow(text("PATH")),
  new QueryParamRow(text("QUERY_PARAM")),
  new QueryParamsRow(text("QUERY_PARAMS")),

  // How the request ended.
  new TimeRow(text("START_TIME"), Instant.Start, Zone.Utc),
  new TimeRow(text("EMIT_TIME"), Instant.Emit, Zone.Utc),
  new TimeRow(text("START_TIME_LOCAL"), Instant.Start, Zone.Local),
  new TimeRow(text("EMIT_TIME_LOCAL"), Instant.Emit, Zone.Local),
  new PlainRow(text("DURATION"), () => new DurationOperator()),
  new CommonDurationRow(text("COMMON_DURATION")),
  new PlainRow(text("RESPONSE_CODE"), () => new ResponseCodeOperator()),
  new DetailsRow(text("RESPONSE_CODE_DETAILS")),
  new PlainRow(text("RESPONSE_FLAGS"), () => new FlagsOperator(false)),
  new PlainRow(text("RESPONSE_FLAGS_LONG"), () => new FlagsOperator(true)),
  new GrpcStatusRow(text("GRPC_STATUS")),
  new PlainRow(text("GRPC_STATUS_NUMBER"), () => new GrpcStatusOperator(GrpcForm.Number)),
  new PlainRow(text("BYTES_RECEIVED"), () => new BytesReceivedOperator()),
  new PropertyRow(text("BYTES_SENT"), PropertyForm.Integer, path("response.size")),
  new PlainRow(text("REQUEST_HEADERS_BYTES"), () => new HeaderBytesOperator(HeaderForm.Request)),
  new PlainRow(text("RESPONSE_HEADERS_BYTES"), () => new HeaderBytesOperator(HeaderForm.Response)),
  new PlainRow(text("RESPONSE_TRAILERS_BYTES"), () => new HeaderBytesOperator(HeaderForm.Trailers)),

  // The proxy and its route.
  property(text("PROTOCOL"), path("request.protocol")),
  property(text("ROUTE_NAME"), path("xds.route_name")),
  property(text("FILTER_CHAIN_NAME"), path("xds.filter_chain_name")),
  new ConstantRow(text("ACCESS_LOG_TYPE"), text("DownstreamEnd")),
  new PlainRow(text("TRACE_ID"), () => new TraceOperator(false)),
  new PlainRow(text("SPAN_ID"), () => new TraceOperator(true)),
  new PlainRow(text("UNIQUE_ID"), () => new UniqueIdOperator()),
  new MetadataRow(text("DYNAMIC_METADATA"), DYNAMIC_METADATA),
  new MetadataRow(text("CLUSTER_METADATA"), CLUSTER_METADATA),
  new MetadataRow(text("UPSTREAM_METADATA"), UPSTREAM_METADATA),
  new TypedMetadataRow(text("METADATA")),
  new FilterStateRow(text("FILTER_STATE")),
  new CoalesceRow(text("COALESCE")),

  // The connection to the client.
  new PropertyRow(text("CONNECTION_ID"), PropertyForm.Integer, path("connection.id")),
  property(text("CONNECTION_TERMINATION_DETAILS"), path("connection.termination_details")),
  property(text("DOWNSTREAM_REMOTE_ADDRESS"), path("source.address")),
  host(text("DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT"), path("source.address")),
  port(text("DOWNSTREAM_REMOTE_PORT"), path("source.address")),
  property(text("DOWNSTREAM_LOCAL_ADDRESS"), path("destination.address")),
  host(text("DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT"), path("destination.address")),
  port(text("DOWNSTREAM_LOCAL_PORT"), path("destination.address")),
  word(text("DOWNSTREAM_TRANSPORT_FAILURE_REASON"), path("connection.transport_failure_reason")),
  property(text("REQUESTED_SERVER_NAME"), path("connection.requested_server_name")),
  property(text("DOWNSTREAM_TLS_VERSION"), path("connection.tls_version")),
  property(text("DOWNSTREAM_PEER_SUBJECT"), path("connection.subject_peer_certificate")),
  property(text("DOWNSTREAM_LOCAL_SUBJECT"), path("connection.subject_local_certificate")),
  property(text("DOWNSTREAM_PEER_URI_SAN"), path("connection.uri_san_peer_certificate")),
  property(text("DOWNSTREAM_LOCAL_URI_SAN"), path("connection.uri_san_local_certificate")),
  property(text("DOWNSTREAM_PEER_DNS_SAN"), path("connection.dns_san_peer_certificate")),
  property(text("DOWNSTREAM_LOCAL_DNS_SAN"), path("connection.dns_san_local_certificate")),
  property(
    text("DOWNSTREAM_PEER_FINGERPRINT_256"),
    path("connection.sha256_peer_certificate_digest"),
  ),

  // The connection to the upstream.
  property(text("UPSTREAM_HOST"), path("upstream.address")),
  property(text("UPSTREAM_CLUSTER"), path("xds.cluster_name")),
  property(text("UPSTREAM_CLUSTER_RAW"), path("xds.cluster_name")),
  upstreamAddress(text("UPSTREAM_REMOTE_ADDRESS"), PropertyForm.Text),
  upstreamAddress(text("UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT"), PropertyForm.Host),
  upstreamAddress(text("UPSTREAM_REMOTE_PORT"), PropertyForm.Port),
  property(text("UPSTREAM_LOCAL_ADDRESS"), path("upstream.local_address")),
  host(text("UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT"), path("upstream.local_address")),
  port(text("UPSTREAM_LOCAL_PORT"), path("upstream.local_address")),
  new PropertyRow(
    text("UPSTREAM_REQUEST_ATTEMPT_COUNT"),
    PropertyForm.Count,
    path("upstream.request_attempt_count"),
  ),
  new PropertyRow(
    text("UPSTREAM_CONNECTION_POOL_READY_DURATION"),
    PropertyForm.Millis,
    path("upstream.cx_pool_ready_duration"),
  ),
  word(text("UPSTREAM_TRANSPORT_FAILURE_REASON"), path("upstream.transport_failure_reason")),
  property(text("UPSTREAM_TLS_VERSION"), path("upstream.tls_version")),
  property(text("UPSTREAM_PEER_SUBJECT"), path("upstream.subject_peer_certificate")),
  property(text("UPSTREAM_PEER_URI_SAN"), path("upstream.uri_san_peer_certificate")),
  property(text("UPSTREAM_PEER_DNS_SAN"), path("upstream.dns_san_peer_certificate")),
  property(text("UPSTREAM_LOCAL_URI_SAN"), path("upstream.uri_san_local_certificate")),
  property(text("UPSTREAM_LOCAL_DNS_SAN"), path("upstream.dns_san_local_certificate")),

  // Not in Envoy: what the other filters found out, and variables of the virtual machine.
  new ClaimRow(text("CLAIM")),
  new LeftPropertyRow(text("VARIANT"), text("gatehouse_variant")),
  new LeftPropertyRow(text("LIMIT"), text("gatehouse_limit")),
  new LeftPropertyRow(text("REASON"), text("gatehouse_reason")),
  new EnvironmentRow(text("ENVIRONMENT")),

  // In Envoy, but not available to Wasm filters.
  new UnavailableRow(text("_DURATION"), Names.EndingWith, NO_TIME_POINTS),
  new UnavailableRow(text("HOSTNAME"), Names.This, NO_HOSTNAME),
  new UnavailableRow(text("CEL"), Names.EndingWith, NO_CEL),
  new UnavailableRow(text("UPSTREAM_"), Names.BeginningWith),
  new UnavailableRow(text("DOWNSTREAM_"), Names.BeginningWith),
  new UnavailableRow(text("_RETRANSMITTED"), Names.EndingWith),
  new UnavailableRow(text("TLS_JA"), Names.BeginningWith),
  new UnavailableRow(text("LOCAL_REPLY_BODY"), Names.This),
  new UnavailableRow(text("CUSTOM_FLAGS"), Names.This),
  new UnavailableRow(text("VIRTUAL_CLUSTER_NAME"), Names.This),
];

/** The row of the operator `name`; null when there is none. */
export function operatorRow(name: Bytes): OperatorRow | null {
  for (let i = 0; i < ROWS.length; i++) {
    if (ROWS[i].isFor(name)) return ROWS[i];
  }
  return null;
}

function property(name: Bytes, path: Bytes): OperatorRow {
  return new PropertyRow(name, PropertyForm.Text, path);
}

function word(name: Bytes, path: Bytes): OperatorRow {
  return new PropertyRow(name, PropertyForm.Word, path);
}

function host(name: Bytes, path: Bytes): OperatorRow {
  return new PropertyRow(name, PropertyForm.Host, path);
}

function port(name: Bytes, path: Bytes): OperatorRow {
  return new PropertyRow(name, PropertyForm.Port, path);
}

function upstreamAddress(name: Bytes, form: PropertyForm): OperatorRow {
  return new PropertyRow(name, form, path("upstream.address"), Needs.UpstreamConnection);
}
