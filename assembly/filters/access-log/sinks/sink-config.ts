// Where lines go: the settings of `sinks`.
import { CallHeader, readCallHeaders } from "../../../lib/config/call-header";
import { Cursor } from "../../../lib/config/reader";
import { Bytes, owned, text, view } from "../../../lib/bytes";
import { isWord } from "../../../lib/http/field";
import { itemsOf } from "../items";
import { DeliverySettings } from "./delivery";
import { NamedText, readLabels, readResource } from "./encoders/named-text";

/** Of what a duration may be. */
const MILLIS_MIN: i64 = 10_000_000;
const MINUTE: i64 = 60_000_000_000;
const SINKS_MAX = 8;
const NAME_BYTES_MAX = 64;
const HEADERS_MAX = 16;
const QUEUE_BYTES_MIN = 4 * 1024;
const QUEUE_BYTES_MAX = 64 * 1024 * 1024;
const BATCH_BYTES_MAX = 4 * 1024 * 1024;

export const enum SinkKind {
  /** A line in the proxy's own log. */
  ProxyLog,
  /** Filter state that Envoy's own access logger prints. */
  EnvoyLog,
  /** Batches to a cluster. */
  Http,
}

const KINDS = ["proxyLog", "envoyLog", "http"];

export const enum Encoding {
  /** OTLP/HTTP logs, in JSON. */
  Otlp,
  /** The same as protobuf. */
  OtlpProtobuf,
  /** A line each, as it is. */
  Ndjson,
  /** Loki's push API. */
  Loki,
}

/** How batches are written, where receivers of them listen, and which settings there are. */
@final
class EncodingRow {
  constructor(
    readonly encoding: Encoding,
    readonly name: string,
    readonly defaultPath: Bytes,
    readonly hasResource: bool,
    readonly hasLabels: bool,
  ) {}
}

const ENCODINGS: EncodingRow[] = [
  new EncodingRow(Encoding.Otlp, "otlp", text("/v1/logs"), true, false),
  new EncodingRow(Encoding.OtlpProtobuf, "otlpProtobuf", text("/v1/logs"), true, false),
  new EncodingRow(Encoding.Ndjson, "ndjson", text("/"), false, false),
  new EncodingRow(Encoding.Loki, "loki", text("/loki/api/v1/push"), false, true),
];


@final
export class HttpSinkConfig {
  private constructor(
    readonly cluster: StaticArray<u8>,
    readonly encoding: Encoding,
    readonly path: StaticArray<u8>,
    /** The host that the request names; default the cluster. */
    readonly authority: StaticArray<u8>,
    readonly headers: CallHeader[],
    /** Attributes of OTLP's resource. */
    readonly resource: NamedText[],
    /** Labels of Loki's stream. */
    readonly labels: NamedText[],
    readonly delivery: DeliverySettings,
  ) {}

  static read(at: Cursor): HttpSinkConfig {
    const cluster = at.bytes("cluster");
    if (at.node >= 0 && cluster.length == 0) at.refuse("cluster", "expected the name of a cluster");
    const names = ENCODINGS.map<string>((row) => row.name);
    const encoding = ENCODINGS[at.choice("encoding", names, 0)];
    const path = at.has("path") ? at.bytes("path") : owned(encoding.defaultPath);
    if (!isPath(path)) {
      at.refuse("path", 'expected a path: "/" and printable characters without blanks');
    }
    const authority = at.has("authority") ? at.bytes("authority") : cluster;
    if (at.has("authority") && !isVisible(authority))
      at.refuse("authority", "expected a host name");
    if (!encoding.hasResource && at.has("resource")) {
      at.refuse("resource", "only OTLP has it: expected encoding otlp or otlpProtobuf");
    }
    if (!encoding.hasLabels && at.has("labels")) {
      at.refuse("labels", "only Loki has them: expected encoding loki");
    }
    const headers = readCallHeaders(at, "headers", HEADERS_MAX);
    const resource = readResource(at);
    const labels = readLabels(at);
    const delivery = readDelivery(at);
    at.done();
    return new HttpSinkConfig(
      cluster,
      encoding.encoding,
      path,
      authority,
      headers,
      resource,
      labels,
      delivery,
    );
  }
}

function readDelivery(at: Cursor): DeliverySettings {
  const settings = new DeliverySettings();
  const batch = at.object("batch");
  settings.timeoutNanos = at.duration("timeout", MILLIS_MIN, MINUTE, settings.timeoutNanos);
  settings.queueBytes = <i32>(
    at.integer("queueBytes", QUEUE_BYTES_MIN, QUEUE_BYTES_MAX, settings.queueBytes)
  );
  settings.batchRecords = <i32>batch.integer("records", 1, 10_000, settings.batchRecords);
  settings.batchBytes = <i32>batch.integer("bytes", 1_024, BATCH_BYTES_MAX, settings.batchBytes);
  settings.intervalNanos = batch.duration("interval", MILLIS_MIN, MINUTE, settings.intervalNanos);
  batch.done();
  return settings;
}


@final
export class SinkConfig {
  name: string = "";
  kind: SinkKind = SinkKind.ProxyLog;
  /** Of `proxyLog`: Proxy-Wasm's log level. */
  level: i32 = 3;
  /** Of `http`. */
  http: HttpSinkConfig | null = null;

  /** Reads the list `sinks`; default one proxyLog. */
  static readAll(parent: Cursor): SinkConfig[] {
    const items = itemsOf(parent, "sinks", 1, SINKS_MAX);
    const sinks: SinkConfig[] = [];
    if (!parent.has("sinks")) sinks.push(SinkConfig.ofProxyLog());
    for (let i = 0; i < items.length; i++) {
      const sink = SinkConfig.read(items[i]);
      for (let k = 0; k < sinks.length; k++) {
        if (sinks[k].name == sink.name)
          items[i].refuse("name", "duplicate sink name; give each sink a name of its own");
      }
      sinks.push(sink);
    }
    return sinks;
  }

  private static ofProxyLog(): SinkConfig {
    const sink = new SinkConfig();
    sink.name = KINDS[SinkKind.ProxyLog];
    return sink;
  }

  private static read(at: Cursor): SinkConfig {
    const sink = new SinkConfig();
    if (!at.expectObject()) return sink;
    const kind = at.oneOf(KINDS);
    if (kind < 0) at.refuse("", "expected one of: " + KINDS.join(", "));
    sink.kind = <SinkKind>max(kind, 0);
    sink.name = KINDS[sink.kind];
    if (at.has("name")) {
      const name = at.bytes("name");
      // It stands in the names of metrics.
      const isName = name.length <= NAME_BYTES_MAX && isWord(view(name), text("-_."));
      if (!isName) at.refuse("name", "expected letters, digits, '-', '_' and '.', at most 64");
      sink.name = at.text("name");
    }
    const settings = at.object(KINDS[sink.kind]);
    if (sink.kind == SinkKind.Http) {
      sink.http = HttpSinkConfig.read(settings);
    } else {
      if (sink.kind == SinkKind.ProxyLog) {
        sink.level = settings.choice(
          "level",
          ["trace", "debug", "info", "warn", "error", "critical"],
          sink.level,
        );
      }
      settings.done();
    }
    at.done();
    return sink;
  }
}

function isPath(path: StaticArray<u8>): bool {
  return path.length > 0 && path[0] == 0x2f && isVisible(path);
}

function isVisible(text: StaticArray<u8>): bool {
  for (let i = 0; i < text.length; i++) {
    if (text[i] <= 0x20 || text[i] >= 0x7f) return false;
  }
  return text.length > 0;
}
