// Finished lines for the units of encoders, and what these make of them.
import { Encoder } from "../../../assembly/filters/access-log/sinks/encoders/encoder";
import { Line } from "../../../assembly/filters/access-log/format/line";
import { toText, utf8, view } from "../../../assembly/lib/bytes";
import { Writer } from "../../../assembly/lib/writer";

/** What lines point at: alive as long as the specs run. */
const kept: StaticArray<u8>[] = [];

/** A line that began at 1.000000002 s. */
export function lineOf(bytes: StaticArray<u8>, isJson: bool): Line {
  const line = new Line();
  kept.push(bytes);
  line.bytes = view(bytes);
  line.isJson = isJson;
  line.unixNanos = 1_000_000_002;
  return line;
}

export function jsonLine(json: string): Line {
  return lineOf(utf8(json), true);
}

export function textLine(text: string): Line {
  return lineOf(utf8(text), false);
}

/** A whole batch of `lines`, observed at 3 s, as the queue and the delivery put it together. */
export function batchOf(encoder: Encoder, lines: Line[]): Writer {
  const records = new Writer();
  for (let i = 0; i < lines.length; i++) encoder.writeRecord(records, lines[i], 3_000_000_000);
  const batch = new Writer();
  encoder.begin(batch, records.length);
  batch.bytes(records.view());
  encoder.end(batch);
  return batch;
}

export function textOf(encoder: Encoder, lines: Line[]): string {
  return toText(batchOf(encoder, lines).view());
}
