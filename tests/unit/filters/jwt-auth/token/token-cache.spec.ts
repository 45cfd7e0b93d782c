import { Bytes, NONE, equal, text } from "../../../../../assembly/lib/bytes";
import { SeenToken } from "../../../../../assembly/filters/jwt-auth/token/seen-token";
import { TokenCache } from "../../../../../assembly/filters/jwt-auth/token/token-cache";

function keep(cache: TokenCache, provider: i32, token: Bytes): SeenToken {
  const values = new StaticArray<Bytes>(3);
  values[0] = text("subject");
  values[1] = NONE;
  values[2] = text("");
  const hash = cache.hash(token);
  const place = cache.entryFor(hash);
  place.fill(hash, provider, token, text('{"sub":"subject"}'), values, 3, 0, 100);
  return place;
}

function has(cache: TokenCache, provider: i32, token: Bytes): bool {
  return cache.find(cache.hash(token), provider, token) !== null;
}

const A = text("aaaa.bbbb.cccc");

describe("The token cache", () => {
  it("gives back what was verified, with everything that a request needs of it", () => {
    const cache = new TokenCache(16, 3, 1, 2);
    cache.beginRequest();
    keep(cache, 0, A);
    const found = cache.find(cache.hash(A), 0, A);
    expect(found !== null).toBe(true);
    if (found === null) return;
    expect(equal(found.token, A)).toBe(true);
    expect(equal(found.payload, text('{"sub":"subject"}'))).toBe(true);
    expect(equal(found.encodedPayload, text("bbbb"))).toBe(true);
    expect(equal(found.value(0), text("subject"))).toBe(true);
    expect(found.value(1) == NONE).toBe(true);
    expect(found.value(2) != NONE && equal(found.value(2), text(""))).toBe(true);
    expect(found.value(3) == NONE).toBe(true);
    expect(found.expiresAt).toBe(100);
  });

  it("compares the whole token: one that hashes alike but differs is not found", () => {
    const cache = new TokenCache(16, 3, 1, 2);
    cache.beginRequest();
    keep(cache, 0, A);
    const other = text("aaaa.bbbb.cccd");
    expect(cache.find(cache.hash(A), 0, other) === null).toBe(true);
    expect(has(cache, 0, text("aaaa.bbbb.ccc"))).toBe(false);
  });

  it("holds a token good for what it was verified for alone", () => {
    const cache = new TokenCache(16, 3, 1, 2);
    cache.beginRequest();
    keep(cache, 0, A);
    expect(has(cache, 1, A)).toBe(false);
  });

  it("keeps nothing when it has no entries", () => {
    const cache = new TokenCache(0, 3, 1, 2);
    cache.beginRequest();
    keep(cache, 0, A);
    expect(has(cache, 0, A)).toBe(false);
  });

  it("forgets all, or what was verified for one profile", () => {
    const cache = new TokenCache(16, 3, 1, 2);
    cache.beginRequest();
    keep(cache, 0, A);
    keep(cache, 1, A);
    cache.clearProfile(0);
    expect(has(cache, 0, A)).toBe(false);
    expect(has(cache, 1, A)).toBe(true);
    cache.clear();
    expect(has(cache, 1, A)).toBe(false);
  });

  it("never overwrites a token that the request in hand uses", () => {
    const cache = new TokenCache(4, 3, 1, 2);
    cache.beginRequest();
    const held: SeenToken[] = [];
    for (let i = 0; i < 9; i++) held.push(keep(cache, 0, text("a.b.request-" + i.toString())));
    for (let i = 0; i < 9; i++)
      expect(equal(held[i].token, text("a.b.request-" + i.toString()))).toBe(true);
  });

  it("drops what was not used since the hand passed before what was", () => {
    const cache = new TokenCache(4, 3, 1, 2);
    for (let i = 0; i < 4; i++) {
      cache.beginRequest();
      keep(cache, 0, text("a.b.first-" + i.toString()));
    }
    cache.beginRequest();
    keep(cache, 0, text("a.b.fifth"));
    let left = 0;
    for (let i = 0; i < 4; i++) {
      cache.beginRequest();
      if (has(cache, 0, text("a.b.first-" + i.toString()))) left++;
    }
    expect(left).toBe(3);
    expect(has(cache, 0, text("a.b.fifth"))).toBe(true);
  });

  it("holds as many tokens as it has entries, for the most part", () => {
    const cache = new TokenCache(1024, 1, 1, 2);
    for (let i = 0; i < 512; i++) {
      cache.beginRequest();
      keep(cache, 0, text("a.b.some-signature-" + i.toString()));
    }
    let left = 0;
    for (let i = 0; i < 512; i++) {
      cache.beginRequest();
      if (has(cache, 0, text("a.b.some-signature-" + i.toString()))) left++;
    }
    expect(left).toBeGreaterThan(480);
  });

  it("keeps no more bytes than it may, and goes on keeping what comes", () => {
    const cache = new TokenCache(64, 3, 1, 2, 20_000);
    let kept = 0;
    for (let i = 0; i < 500; i++) {
      cache.beginRequest();
      const token = text("x".repeat(900) + "." + i.toString().padStart(64, "0"));
      cache.account(keep(cache, 0, token));
      if (has(cache, 0, token)) kept++;
    }
    expect(kept).toBe(500);
    let found = 0;
    for (let i = 0; i < 500; i++) {
      if (has(cache, 0, text("x".repeat(900) + "." + i.toString().padStart(64, "0")))) found++;
    }
    expect(found).toBeGreaterThan(5);
    expect(found).toBeLessThan(21);
  });
});
