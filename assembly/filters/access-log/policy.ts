// What is remembered of a request, and whether. Knows the settings and one finished request;
// refuses to know the proxy.
import { Bytes, EMPTY } from "../../lib/bytes";
import { Writer } from "../../lib/writer";
import { anyHolds } from "./select/condition";
import { Config, Mode } from "./config";
import { Line, severityOf } from "./format/line";
import { RateCap } from "./select/rate-cap";
import { MISSING, RecordView } from "./record";
import { TraceContext, binaryId } from "./select/trace-context";

export const enum Verdict {
  /** A line is due. */
  Write,
  /** `mode: report`: a line would be due. */
  WouldWrite,
  /** None of `when` holds. */
  Filtered,
  SampledOut,
  /** More than `maxLinesPerSecond`. */
  Capped,
}

const traceBytes = memory.data(16, 8);
const spanBytes = memory.data(8, 8);


@final
export class Policy {
  private writer: Writer = new Writer();
  private cap: RateCap;
  private trace: TraceContext = new TraceContext();

  constructor(private config: Config) {
    this.cap = new RateCap(config.maxLinesPerSecond);
  }

  /** Asks the record for no more than the settings need. */
  judge(record: RecordView): Verdict {
    const config = this.config;
    if (config.when.length > 0 && !anyHolds(config.when, record)) return Verdict.Filtered;
    if (!config.sampling.keeps(record)) return Verdict.SampledOut;
    if (this.cap.isSet && !this.cap.admits(record.nowNanos())) return Verdict.Capped;
    return config.mode == Mode.Report ? Verdict.WouldWrite : Verdict.Write;
  }

  /**
   * The line of `record`, valid until the next one; EMPTY when it is larger than anything a sink
   * takes.
   */
  write(record: RecordView): Bytes {
    this.writer.reset();
    this.config.format.write(record, this.writer);
    return this.writer.overflowed ? EMPTY : this.writer.view();
  }

  /** Fills in what a sink that sends records wants to know besides the line. */
  describe(record: RecordView, line: Line): void {
    const start = record.startNanos();
    line.unixNanos = start == MISSING ? record.nowNanos() : start;
    line.severity = severityOf(record.code());
    line.isJson = this.config.format.isJson;
    this.trace.read(record.request());
    line.traceId = binaryId(this.trace.traceId, traceBytes, 16);
    line.spanId = binaryId(this.trace.spanId, spanBytes, 8);
    line.isSampled = this.trace.isSampled;
  }
}
