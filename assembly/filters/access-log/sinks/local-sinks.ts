// The sinks inside the proxy: its own log, and filter state for Envoy's own access logger.
import { LogLevel, logBytes } from "../../../host/log";
import { Counter } from "../../../host/metrics";
import { setProperty } from "../../../host/property";
import { Status } from "../../../host/status";
import { text } from "../../../lib/bytes";
import { Line } from "../format/line";
import { Sink } from "./sink";

/** Envoy keeps it as `wasm.gatehouse_access_log`. */
const LINE_PROPERTY = text("gatehouse_access_log");


@final
export class ProxyLogSink extends Sink {
  constructor(private level: LogLevel) {
    super();
  }

  take(line: Line): void {
    logBytes(this.level, line.bytes);
  }
}

/**
 * Envoy's access logger of the same request prints it with
 * `%FILTER_STATE(wasm.gatehouse_access_log:PLAIN)%`.
 */
@final
export class EnvoyLogSink extends Sink {
  private failed: Counter;

  constructor(name: string) {
    super();
    this.failed = new Counter("gatehouse.access-log." + name + ".failed");
  }

  take(line: Line): void {
    if (setProperty(LINE_PROPERTY, line.bytes) != Status.Ok) this.failed.add();
  }
}
