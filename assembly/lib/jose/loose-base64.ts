// Base64 as key sets hold it. A token has one spelling, since caches and deny lists compare it; the
// number in a key is the same number however it is spelled. So padding, line breaks and the letters
// of the other alphabet ("+" and "/", RFC 4648 section 4) are read here.
import { Bytes, at, bytes, lengthOf } from "../bytes";
import { decodeBase64url, decodedLength } from "../base64url";

const PAD: u8 = 0x3d;

/** The bytes, or null when it is no base64 in any of these spellings. */
export function decodeLoosely(encoded: Bytes): StaticArray<u8> | null {
  const letters = new StaticArray<u8>(lengthOf(encoded));
  let count = 0;
  let padding = 0;
  for (let i = 0; i < lengthOf(encoded); i++) {
    const byte = at(encoded, i);
    if (byte == 0x20 || (byte >= 0x09 && byte <= 0x0d)) continue;
    if (byte == PAD) padding++;
    else if (padding > 0) return null;
    else letters[count++] = byte == 0x2b ? 0x2d : byte == 0x2f ? 0x5f : byte;
  }
  if (padding > 2) return null;
  const decoded = new StaticArray<u8>(decodedLength(count));
  const source = bytes(changetype<usize>(letters), count);
  return decodeBase64url(source, changetype<usize>(decoded), decoded.length) < 0 ? null : decoded;
}
