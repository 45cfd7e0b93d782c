import { TICKS_PER_NANO } from "../../../../assembly/filters/rate-limit/bucket";
import { BucketSet, Found, SET_SLOTS } from "../../../../assembly/filters/rate-limit/bucket-set";
import { EMPTY, NONE, owned, utf8, view } from "../../../../assembly/lib/bytes";

const SECOND: i64 = 1_000_000_000 * TICKS_PER_NANO;

function setAt(now: i64): BucketSet {
  const set = new BucketSet();
  set.load(EMPTY, SET_SLOTS);
  set.isSetBack(now);
  return set;
}

describe("a set of buckets", () => {
  it("has room for its slots and then says so", () => {
    const set = setAt(10);
    for (let client: u64 = 1; client <= <u64>SET_SLOTS; client++) {
      expect(set.find(client)).toBe(Found.Free);
      set.put(client, 1000);
    }
    expect(set.find(99)).toBe(Found.Full);
    expect(set.find(1)).toBe(Found.Own);
    expect(set.fullAt()).toBe(1000);
  });

  it("gives a slot away only when its bucket is full again", () => {
    const set = setAt(0);
    for (let client: u64 = 1; client <= <u64>SET_SLOTS; client++) {
      set.find(client);
      set.put(client, 1000 + client);
    }
    set.isSetBack(1000);
    expect(set.find(99)).toBe(Found.Full);
    set.isSetBack(1001);
    expect(set.find(99)).toBe(Found.Free);
    set.put(99, 5000);
    expect(set.find(1)).toBe(Found.Full);
    expect(set.find(2)).toBe(Found.Own);
  });

  it("survives being written out and read back", () => {
    const set = setAt(5);
    set.find(42);
    set.put(42, 77);
    const copy = new BucketSet();
    const bytes = owned(set.view());
    copy.load(view(bytes), SET_SLOTS);
    expect(copy.now).toBe(5);
    expect(copy.find(42)).toBe(Found.Own);
    expect(copy.fullAt()).toBe(77);
  });

  it("keeps the slots it was written with, and grows to those it is asked for", () => {
    const set = new BucketSet();
    set.load(EMPTY, 2);
    set.find(42);
    set.put(42, 77);
    const small = owned(set.view());
    set.load(view(small), 4);
    expect(set.find(42)).toBe(Found.Own);
    const large = owned(set.view());
    expect(large.length).toBe(8 + 4 * 16);
    set.load(view(large), 2);
    expect(set.find(42)).toBe(Found.Own);
    expect(owned(set.view()).length).toBe(8 + 4 * 16);
  });

  it("takes bytes that are no set for an empty one", () => {
    const set = new BucketSet();
    const strange = utf8("what somebody else wrote here");
    set.load(view(strange), 2);
    expect(set.now).toBe(0);
    expect(set.find(1)).toBe(Found.Free);
    const huge = new StaticArray<u8>(8 + 16 * 1000);
    set.load(view(huge), 2);
    expect(owned(set.view()).length).toBe(8 + 2 * 16);
    set.load(NONE, 3);
    expect(set.find(1)).toBe(Found.Free);
  });

  it("chooses among buckets of figures gone by the one that is full next", () => {
    const set = new BucketSet();
    set.load(EMPTY, 2);
    set.isSetBack(0);
    set.find(1);
    set.put(1, 900);
    set.find(2);
    set.put(2, 500);
    expect(set.find(3)).toBe(Found.Full);
    set.chooseFullest();
    set.put(3, 700);
    expect(set.find(1)).toBe(Found.Own);
    expect(set.find(2)).toBe(Found.Full);
  });
});

describe("the clock of a set", () => {
  it("counts a time a little before the last one as the last one", () => {
    const set = setAt(100 * SECOND);
    expect(set.isSetBack(100 * SECOND - 1)).toBe(false);
    expect(set.now).toBe(100 * SECOND);
    expect(set.isSetBack(99 * SECOND)).toBe(false);
    expect(set.now).toBe(100 * SECOND);
    expect(set.isSetBack(100 * SECOND + 7)).toBe(false);
    expect(set.now).toBe(100 * SECOND + 7);
  });

  it("takes all buckets along when it is set back, so that each holds what it held", () => {
    const set = setAt(100 * SECOND);
    set.find(1);
    set.put(1, 103 * SECOND);
    set.find(2);
    set.put(2, 90 * SECOND);
    expect(set.isSetBack(40 * SECOND)).toBe(true);
    expect(set.now).toBe(40 * SECOND);
    expect(set.find(1)).toBe(Found.Own);
    expect(set.fullAt()).toBe(43 * SECOND);
    expect(set.find(2)).toBe(Found.Own);
    expect(set.fullAt()).toBe(30 * SECOND);
    expect(set.isSetBack(41 * SECOND)).toBe(false);
  });

  it("may begin anywhere, and wrap", () => {
    const set = new BucketSet();
    set.load(EMPTY, 2);
    set.isSetBack(i64.MIN_VALUE + 5);
    expect(set.find(1)).toBe(Found.Free);
    const late = setAt(i64.MAX_VALUE - 10);
    late.find(1);
    late.put(1, i64.MAX_VALUE - 10 + SECOND);
    expect(late.isSetBack(i64.MAX_VALUE - 10 + 2 * SECOND)).toBe(false);
    expect(late.find(2)).toBe(Found.Free);
  });
});
