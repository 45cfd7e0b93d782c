// Which finished request gets a line, and the line. Knows the settings and one request; does not
// know the proxy.
import { Writer } from "../../lib/writer";
import { Config, Mode } from "./config";
import { Line, severityOf } from "./format/line";
import { MISSING, RecordView } from "./record";
import { anyHolds } from "./select/condition";
import { RateCap } from "./select/rate-cap";
import { TraceContext, binaryId } from "./select/trace-context";

export const enum Decision {
  Write,
  /** `mode: report`: a line would be written. */
  WouldWrite,
  /** None of `when` holds. */
  Filtered,
  SampledOut,
  /** More than `maxLinesPerSecond`. */
  Capped,
}

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const traceBytes = memory.data(16, 8);
const spanBytes = memory.data(8, 8);


@final
export class Policy {
  private writer: Writer;
  private cap: RateCap;
  private trace: TraceContext = new TraceContext();

  /**
   * Whether any setting can leave a line out. Without one a request reads none of them
   * (tests/host/touched-memory.test.ts counts the lines of memory).
   */
  private selects: bool;

  constructor(private config: Config) {
    this.cap = new RateCap(config.maxLinesPerSecond);
    this.writer = new Writer(config.maxLineBytes);
    this.selects = config.when.length > 0 || !config.sampling.keepsAll || this.cap.isSet;
  }

  /** Reads no more of the record than the settings need. */
  decide(record: RecordView): Decision {
    const config = this.config;
    if (this.selects) {
      const left = this.reasonToLeaveOut(record);
      if (left != Decision.Write) return left;
    }
    return config.mode == Mode.Report ? Decision.WouldWrite : Decision.Write;
  }

  /**
   * `Write` when there is none. A request whose headers made the conditions too costly has its
   * line: otherwise a client could avoid it.
   */
  private reasonToLeaveOut(record: RecordView): Decision {
    const config = this.config;
    const isFiltered = config.when.length > 0 && !anyHolds(config.when, record);
    if (isFiltered && !record.isOverscanned()) return Decision.Filtered;
    if (!config.sampling.keeps(record) && !record.isOverscanned()) return Decision.SampledOut;
    const isCapped = this.cap.isSet && !this.cap.admits(record.nowNanos());
    return isCapped ? Decision.Capped : Decision.Write;
  }

  /** Puts the line of `record` into `line`, cut if it is too long; valid until the next one. */
  write(record: RecordView, line: Line): void {
    const format = this.config.format;
    const writer = this.writer;
    writer.reset();
    format.write(record, writer);
    line.isCut = writer.overflowed;
    if (writer.overflowed) {
      writer.reset();
      format.writeCut(record, writer, this.config.maxLineBytes);
    }
    line.bytes = writer.view();
  }

  /** Fills in what a sink that sends records needs besides the line. */
  describe(record: RecordView, line: Line): void {
    const start = record.startNanos();
    line.unixNanos = start == MISSING ? record.nowNanos() : start;
    line.severity = severityOf(record.code());
    line.isJson = this.config.format.isJson;
    this.trace.read(record.request());
    line.traceId = binaryId(this.trace.traceId, traceBytes, TRACE_ID_BYTES);
    line.spanId = binaryId(this.trace.spanId, spanBytes, SPAN_ID_BYTES);
    line.isSampled = this.trace.isSampled;
  }
}
