import { BucketSet, Found, SET_SLOTS, setsFor } from "../../../../assembly/filters/rate-limit/table";
import { EMPTY, owned, view } from "../../../../assembly/lib/bytes";

describe("a set of buckets", () => {
  it("has room for its slots and then says so", () => {
    const set = new BucketSet();
    set.load(EMPTY);
    for (let client: u64 = 1; client <= <u64>SET_SLOTS; client++) {
      expect(set.find(client, 10)).toBe(Found.Free);
      set.put(client, 1000);
    }
    expect(set.find(99, 10)).toBe(Found.Full);
    expect(set.find(1, 10)).toBe(Found.Own);
    expect(set.fullAt()).toBe(1000);
  });

  it("gives a slot away only when its bucket is full again", () => {
    const set = new BucketSet();
    set.load(EMPTY);
    for (let client: u64 = 1; client <= <u64>SET_SLOTS; client++) {
      set.find(client, 0);
      set.put(client, 1000 + client);
    }
    expect(set.find(99, 1000)).toBe(Found.Full);
    expect(set.find(99, 1001)).toBe(Found.Free);
    set.put(99, 5000);
    expect(set.find(1, 1001)).toBe(Found.Full);
    expect(set.find(2, 1001)).toBe(Found.Own);
  });

  it("survives being written out and read back", () => {
    const set = new BucketSet();
    set.load(EMPTY);
    set.find(42, 0);
    set.put(42, 77);
    const copy = new BucketSet();
    const bytes = owned(set.view());
    copy.load(view(bytes));
    expect(copy.find(42, 0)).toBe(Found.Own);
    expect(copy.fullAt()).toBe(77);
  });

  it("is half loaded on average when as many clients come as were asked for", () => {
    expect(setsFor(1)).toBe(1);
    expect(setsFor(10_000)).toBe(2048);
    expect(setsFor(1_000_000)).toBe(131_072);
  });
});
