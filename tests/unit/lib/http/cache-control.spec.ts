import { text } from "../../../../assembly/lib/bytes";
import { CacheControl } from "../../../../assembly/lib/http/cache-control";

function caching(value: string): CacheControl {
  const control = new CacheControl();
  control.add(text(value));
  return control;
}

describe("cache-control", () => {
  it("is for all caches with public or s-maxage", () => {
    expect(caching("public").isForAll).toBe(true);
    expect(caching("max-age=1 , S-MaxAge = 2").isForAll).toBe(true);
    expect(caching("max-age=60").isForAll).toBe(false);
    expect(caching("public, no-store").isForAll).toBe(false);
    expect(caching('no-cache="public"').isForAll).toBe(false);
  });

  it("is shared with an age too, and not when it is private or not stored", () => {
    expect(caching("max-age=60").isShared).toBe(true);
    expect(caching("max-age=60, private").isShared).toBe(false);
    expect(caching("no-store, max-age=60").isShared).toBe(false);
    expect(caching("").isShared).toBe(false);
    expect(caching("no-cache").isShared).toBe(false);
  });

  it("is closed to shared caches as a whole, not for one header", () => {
    expect(caching("PRIVATE").isClosed).toBe(true);
    expect(caching('private="x-a"').isClosed).toBe(false);
    expect(caching("privateer").isClosed).toBe(false);
  });
});
