// The settings of access-log, read once into something that cannot be wrong.
import { ConfigErrors, readConfig } from "../../lib/config/reader";
import { MatchSettings } from "../../lib/match/match-settings";
import { Condition, readConditions } from "./select/condition";
import { Format } from "./format/format";
import { readFormat } from "./format/format-config";
import { readLineLimit } from "./line-limit";
import { RedactConfig } from "./redact/redact-config";
import { Redaction } from "./redact/redaction";
import { Sampling } from "./select/sampling";
import { SinkConfig } from "./sinks/sink-config";

const LINES_MAX: i64 = 1_000_000;

export const enum Mode {
  Enforce,
  /** Decides and counts, and writes nothing. */
  Report,
}


@final
export class Config {
  instance: string = "default";
  mode: Mode = Mode.Enforce;
  /** Of one worker; 0: no limit. */
  maxLinesPerSecond: i64 = 0;
  /** A longer line is cut. */
  maxLineBytes: i32 = 0;

  private constructor(
    readonly redact: RedactConfig,
    readonly redaction: Redaction,
    readonly format: Format,
    /** A line is written when one of them holds; none: for every request. */
    readonly when: Condition[],
    readonly sampling: Sampling,
    readonly sinks: SinkConfig[],
  ) {}

  /** Reads a configuration; when `errors.any` afterwards, what came back must not be used. */
  static read(configuration: StaticArray<u8>, errors: ConfigErrors): Config {
    const at = readConfig(configuration, errors);
    const instance = at.optionalText("instance", "default");
    const mode = <Mode>at.choice("mode", ["enforce", "report"], Mode.Enforce);
    const redact = RedactConfig.read(at);
    const redaction = new Redaction(redact);
    const format = readFormat(at, redaction);
    const matching = new MatchSettings();
    const when = readConditions(at, "when", matching);
    const sampling = Sampling.read(at, matching);
    const config = new Config(redact, redaction, format, when, sampling, SinkConfig.readAll(at));
    config.instance = instance;
    config.mode = mode;
    config.maxLineBytes = readLineLimit(at, format, config.sinks);
    config.maxLinesPerSecond = at.integer("maxLinesPerSecond", 0, LINES_MAX, 0);
    at.done();
    return config;
  }
}
