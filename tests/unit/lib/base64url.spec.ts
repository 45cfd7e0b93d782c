import { Bytes, NONE, equal, lengthOf, text, toText, view } from "../../../assembly/lib/bytes";
import {
  Base64Status,
  decodeBase64url,
  decodeBase64urlInto,
  decodedLength,
  encodeBase64url,
  encodedLength,
} from "../../../assembly/lib/base64url";
import { Writer } from "../../../assembly/lib/writer";

const target = new StaticArray<u8>(64);

/** How many bytes `encoded` has, or what is wrong with it. */
function statusOf(encoded: Bytes): i32 {
  return decodeBase64url(encoded, changetype<usize>(target), target.length);
}

function decoded(encoded: string): string {
  const bytes = decodeBase64urlInto(text(encoded), target);
  return bytes == NONE ? "refused" : toText(bytes);
}

function encoded(plain: string, padded: bool = false): string {
  const writer = new Writer();
  encodeBase64url(text(plain), writer, padded);
  return toText(writer.view());
}

describe("base64url", () => {
  it("has the vectors of RFC 4648 section 10", () => {
    const plain = ["", "f", "fo", "foo", "foob", "fooba", "foobar"];
    const bare = ["", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"];
    const padded = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
    for (let i = 0; i < plain.length; i++) {
      expect(decoded(bare[i])).toBe(plain[i]);
      expect(encoded(plain[i])).toBe(bare[i]);
      expect(encoded(plain[i], true)).toBe(padded[i]);
      expect(encodedLength(plain[i].length)).toBe(bare[i].length);
      expect(decodedLength(bare[i].length)).toBe(plain[i].length);
    }
  });

  it("has the example of RFC 7515 appendix C", () => {
    const bytes = StaticArray.fromArray<u8>([3, 236, 255, 224, 193]);
    expect(equal(decodeBase64urlInto(text("A-z_4ME"), target), view(bytes))).toBe(true);
  });

  it("brings every byte there and back", () => {
    const all = new StaticArray<u8>(256);
    for (let i = 0; i < 256; i++) all[i] = <u8>i;
    const room = new StaticArray<u8>(256);
    for (let length = 0; length <= 256; length++) {
      const writer = new Writer();
      const source = ((<u64>length) << 32) | (<u64>(<u32>view(all)));
      encodeBase64url(source, writer);
      expect(equal(decodeBase64urlInto(writer.view(), room), source)).toBe(true);
    }
  });

  it("refuses every character outside the alphabet, wherever it stands", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const characters = new StaticArray<u8>(4);
    for (let byte = 0; byte < 256; byte++) {
      const good = alphabet.includes(String.fromCharCode(byte));
      for (let place = 0; place < 4; place++) {
        characters.fill(0x41);
        characters[place] = <u8>byte;
        expect(decodeBase64urlInto(view(characters), target) != NONE).toBe(good);
        if (good || (byte == 0x3d && place == 3)) continue;
        expect(statusOf(view(characters))).toBe(Base64Status.BadCharacter);
      }
    }
  });

  it("names what is wrong", () => {
    expect(statusOf(text("Zg=="))).toBe(Base64Status.Padding);
    expect(statusOf(text("Zm8="))).toBe(Base64Status.Padding);
    expect(statusOf(text("Zm9vY"))).toBe(Base64Status.BadLength);
    expect(statusOf(text("Zh"))).toBe(Base64Status.TrailingBits);
    expect(statusOf(text("Zm9"))).toBe(Base64Status.TrailingBits);
    expect(statusOf(text("Zm+v"))).toBe(Base64Status.BadCharacter);
    expect(statusOf(text("Zm9v"))).toBe(3);
    expect(decoded("Zm9v")).toBe("foo");
  });

  it("writes nothing beyond the room it was given", () => {
    const place = new StaticArray<u8>(4);
    const room = changetype<usize>(place);
    expect(decodeBase64url(text("Zm9vYmFy"), room, 4)).toBe(Base64Status.NoRoom);
    expect(place[0]).toBe(0);
    expect(decodeBase64url(text("Zm9vYg"), room, 4)).toBe(4);
  });

  it("overflows a writer that is too small", () => {
    const writer = new Writer(3);
    encodeBase64url(text("foo"), writer);
    expect(writer.overflowed).toBe(true);
    expect(lengthOf(writer.view())).toBe(0);
  });
});
