// The host's verify_signature behind the verifier's view of it. Whether it is there, and does
// what Envoy's does, is asked once in a worker and only when it is first needed: some hosts end
// at a call of a function they do not have.
import { Bytes, NONE, at, lengthOf, text } from "../../../lib/bytes";
import { callForeign } from "../../../host/foreign";
import { Writer } from "../../../lib/writer";
import { knownSignature } from "./known-signature";
import { HostSignatures } from "./verifier";

const NAME = text("verify_signature");
/** Field 1 of the result, a bool: true. */
const VALID_TAG: u8 = 0x08;

const enum Presence {
  Unknown = 0,
  There = 1,
  Missing = 2,
}


@final
export class EnvoySignatures extends HostSignatures {
  private presence: Presence = Presence.Unknown;

  isThere(): bool {
    if (this.presence == Presence.Unknown) {
      this.presence = this.verify(knownSignature(new Writer())) ? Presence.There : Presence.Missing;
    }
    return this.presence == Presence.There;
  }

  verify(argument: Bytes): bool {
    const result = callForeign(NAME, argument);
    if (result == NONE || lengthOf(result) < 2) return false;
    return at(result, 0) == VALID_TAG && at(result, 1) == 1;
  }
}
