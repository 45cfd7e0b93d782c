import {
  BAGGAGE_BYTES_MAX,
  withMember,
  withoutMember,
} from "../../../../assembly/filters/canary/baggage";
import {
  Bytes,
  NONE,
  indexOf,
  lengthOf,
  text,
  toText,
  utf8,
  view,
} from "../../../../assembly/lib/bytes";

const KEY = text("release");
const CANARY = text("canary");

function withCanary(current: string): string {
  return toText(withMember(view(utf8(current)), KEY, CANARY));
}

function without(current: string): string {
  return toText(withoutMember(view(utf8(current)), KEY));
}

function membersIn(baggage: Bytes): i32 {
  let members = 1;
  for (let at = indexOf(baggage, 0x2c); at >= 0; at = indexOf(baggage, 0x2c, at + 1)) members++;
  return members;
}

describe("baggage", () => {
  it("gets our member first, others stay as they are", () => {
    expect(toText(withMember(NONE, KEY, CANARY))).toBe("release=canary");
    expect(withCanary("")).toBe("release=canary");
    expect(withCanary("a=1, b=2;p=x ,c=%20")).toBe("release=canary,a=1,b=2;p=x,c=%20");
  });

  it("has it once, whatever the client wrote", () => {
    expect(withCanary("release=stable,a=1,release=other;p")).toBe("release=canary,a=1");
    expect(withCanary("release = stable")).toBe("release=canary");
    expect(withCanary("releases=1,Release=2")).toBe("release=canary,releases=1,Release=2");
    expect(withCanary(",,, ,")).toBe("release=canary");
  });

  it("keeps within the limits, and ours is never the one left out", () => {
    let many = "a=1";
    for (let i = 0; i < 100; i++) many += ",k" + i.toString() + "=v";
    const limited = withMember(view(utf8(many)), KEY, CANARY);
    expect(membersIn(limited)).toBe(64);
    const long = withMember(
      view(utf8("big=" + "x".repeat(8180) + ",release=stable,a=1")),
      KEY,
      CANARY,
    );
    expect(toText(long)).toBe("release=canary,a=1");
    expect(
      lengthOf(withMember(view(utf8("x".repeat(20_000))), KEY, CANARY)) <= BAGGAGE_BYTES_MAX,
    ).toBe(true);
  });

  it("loses our member where nothing is decided", () => {
    expect(without("a=1,release=stable")).toBe("a=1");
    expect(without("a=1")).toBe("a=1");
    expect(without("release=stable")).toBe("");
    expect(withoutMember(NONE, KEY) == NONE).toBe(true);
  });
});
