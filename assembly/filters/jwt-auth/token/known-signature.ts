// A question to verify_signature whose answer is known: the ES256 example of RFC 7515, appendix A.3.
import { Bytes, text, view } from "../../../lib/bytes";
import { decodeBase64urlInto } from "../../../lib/base64url";
import { Curve } from "../../../lib/jose/algorithm";
import { ecPublicKeyInfo, ecdsaSignature } from "../../../lib/jose/der";
import { putBytes } from "../../../lib/protobuf";
import { Writer } from "../../../lib/writer";

const X = text("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
const Y = text("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
const INPUT = text(
  "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
);
const SIGNATURE = text("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
const SHA256 = text("sha256");

/** The argument as the host takes it (fields in verifier.ts), written to `writer`. */
export function knownSignature(writer: Writer): Bytes {
  const x = new StaticArray<u8>(32);
  const y = new StaticArray<u8>(32);
  const signature = new StaticArray<u8>(64);
  const publicKey = ecPublicKeyInfo(Curve.P256, decodeBase64urlInto(X, x), decodeBase64urlInto(Y, y));
  putBytes(writer, 1, SHA256);
  putBytes(writer, 2, view(publicKey));
  putBytes(writer, 3, ecdsaSignature(decodeBase64urlInto(SIGNATURE, signature)));
  putBytes(writer, 4, INPUT);
  return writer.view();
}
