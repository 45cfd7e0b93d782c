import { allocate, enter, leave } from "../../../assembly/host/arena";
import {
  applyWrite,
  forgetRequest,
  handedProperty,
  keepPairs,
  keepProperty,
  shareRequest,
  sharedPairs,
} from "../../../assembly/host/shared-request";
import { NONE, bytes, lengthOf, pointerOf, text, toText } from "../../../assembly/lib/bytes";

shareRequest();

/** Pairs as a host lays them out, from names and values in turn. */
function pairsOf(texts: string[]): usize {
  let size = 4 + 4 * texts.length;
  for (let i = 0; i < texts.length; i++) size += texts[i].length + 1;
  const pairs = allocate(size);
  store<u32>(pairs, <u32>(texts.length / 2));
  let at = pairs + 4 + 4 * <usize>texts.length;
  for (let i = 0; i < texts.length; i++) {
    store<u32>(pairs + 4 + 4 * <usize>i, <u32>texts[i].length);
    const written = String.UTF8.encode(texts[i]);
    memory.copy(at, changetype<usize>(written), <usize>texts[i].length);
    store<u8>(at + <usize>texts[i].length, 0);
    at += <usize>texts[i].length + 1;
  }
  return pairs;
}

/** What is shared, as `name=value` with blanks between. */
function shown(): string {
  const pairs = sharedPairs();
  if (pairs == 0) return "nothing";
  const count = load<u32>(pairs);
  let at = pairs + 4 + 8 * <usize>count;
  let out = "";
  for (let i: u32 = 0; i < count; i++) {
    const nameBytes = load<i32>(pairs + 4 + 8 * <usize>i);
    const valueBytes = load<i32>(pairs + 8 + 8 * <usize>i);
    const name = toText(bytes(at, nameBytes));
    at += <usize>nameBytes + 1;
    out += (i > 0 ? " " : "") + name + "=" + toText(bytes(at, valueBytes));
    at += <usize>valueBytes + 1;
  }
  return out;
}

function start(): void {
  keepPairs(pairsOf([":path", "/a", "x-role", "forged", "accept", "*/*", "x-role", "again"]));
}

describe("the header map that composed filters share", () => {
  beforeEach(() => {
    enter();
    start();
  });
  afterEach(() => {
    leave();
    forgetRequest();
  });

  it("is what the host gave before anything is written", () => {
    expect(shown()).toBe(":path=/a x-role=forged accept=*/* x-role=again");
  });

  it("loses every value of a header that is removed", () => {
    applyWrite(text("x-role"), NONE, false, false);
    expect(shown()).toBe(":path=/a accept=*/*");
  });

  it("has one value of a header that is replaced", () => {
    applyWrite(text("x-role"), text("admin"), false, true);
    expect(shown()).toBe(":path=/a accept=*/* x-role=admin");
  });

  it("keeps the values before one that is added", () => {
    applyWrite(text("x-role"), text("third"), true, true);
    expect(shown()).toBe(":path=/a x-role=forged accept=*/* x-role=again x-role=third");
  });

  it("holds names in lower case, however a filter writes them", () => {
    applyWrite(text("X-Role"), text("admin"), false, true);
    expect(shown()).toBe(":path=/a accept=*/* x-role=admin");
  });

  it("takes many writes one after the other", () => {
    for (let i = 0; i < 50; i++) applyWrite(text("x-count"), text("n"), false, true);
    applyWrite(text("x-role"), NONE, false, false);
    applyWrite(text(":path"), text("/b?c=d"), false, true);
    expect(shown()).toBe("accept=*/* x-count=n :path=/b?c=d");
  });

  it("keeps empty values apart from absent ones", () => {
    applyWrite(text("x-empty"), text(""), false, true);
    expect(shown()).toBe(":path=/a x-role=forged accept=*/* x-role=again x-empty=");
  });

  it("is unknown after the host calls turned to another request", () => {
    forgetRequest();
    expect(shown()).toBe("nothing");
    applyWrite(text("x-role"), text("admin"), false, true);
    expect(shown()).toBe("nothing");
  });
});

describe("a property that one composed filter hands to the next", () => {
  it("is there under its name until the request is forgotten", () => {
    expect(handedProperty(text("gatehouse_claims"))).toBe(NONE);
    keepProperty(text("gatehouse_claims"), text("{}"));
    keepProperty(text("gatehouse_claims"), text('{"sub":"a"}'));
    expect(toText(handedProperty(text("gatehouse_claims")))).toBe('{"sub":"a"}');
    forgetRequest();
    expect(handedProperty(text("gatehouse_claims"))).toBe(NONE);
  });

  it("is not kept when there are more than a request can have, and the host is asked", () => {
    for (let i = 0; i < 20; i++) keepProperty(text("p" + i.toString()), text("v"));
    expect(lengthOf(handedProperty(text("p0")))).toBe(1);
    expect(pointerOf(handedProperty(text("p19")))).toBe(pointerOf(NONE));
    forgetRequest();
  });
});
