// %UNIQUE_ID%: a UUID (RFC 9562, version 4) that no other line has. Made from a random key of the
// machine, the clock and a running number by a hash: unique, not secret.
import { bytes } from "../../../../lib/bytes";
import { mix } from "../../../../lib/hash";
import { Operator, Value, operatorText } from "./operator";
import { RecordView } from "../../record";

const DASH: u8 = 0x2d;
const raw = memory.data(16, 8);
/** Where the dashes stand behind: bytes 4, 6, 8 and 10. */
const DASHES = 0b101_0101_0000;

let count: u64 = 0;
/** Tells machines apart that begin at the same moment; drawn for the first line. */
let key: u64 = 0;


@final
export class UniqueIdOperator extends Operator {
  evaluate(record: RecordView, value: Value): void {
    count++;
    if (key == 0) key = record.randomBits();
    const seed = mix((<u64>record.nowNanos()) ^ key) ^ mix(count);
    store<u64>(raw, mix(seed));
    store<u64>(raw, mix(seed ^ count), 8);
    store<u8>(raw, (load<u8>(raw, 6) & 0x0f) | 0x40, 6);
    store<u8>(raw, (load<u8>(raw, 8) & 0x3f) | 0x80, 8);
    operatorText.reset();
    for (let i = 0; i < 16; i++) {
      if (((DASHES >> i) & 1) == 1) operatorText.byte(DASH);
      operatorText.hex(bytes(raw + <usize>i, 1));
    }
    value.setText(operatorText.view());
  }
}
