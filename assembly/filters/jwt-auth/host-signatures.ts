// The host's verify_signature behind the verifier's view of it.
import { Bytes, EMPTY, at, lengthOf, text } from "../../lib/bytes";
import { callForeign, foreignResult } from "../../host/foreign";
import { Status } from "../../host/status";
import { HostAnswer, HostSignatures } from "./verifier";

const NAME = text("verify_signature");
/** Field 1 of the result, a bool: true. */
const VALID_TAG: u8 = 0x08;


@final
export class EnvoySignatures extends HostSignatures {
  private isKnown: bool = callForeign(NAME, EMPTY) != Status.NotFound;

  isThere(): bool {
    return this.isKnown;
  }

  verify(argument: Bytes): HostAnswer {
    const status = callForeign(NAME, argument);
    if (status == Status.NotFound) return HostAnswer.Missing;
    const result = foreignResult;
    const isValid = status == Status.Ok && lengthOf(result) >= 2 && at(result, 0) == VALID_TAG && at(result, 1) == 1;
    return isValid ? HostAnswer.Valid : HostAnswer.Invalid;
  }
}
