import { EMPTY, text } from "../../../../../assembly/lib/bytes";
import { FetchRecord } from "../../../../../assembly/filters/jwt-auth/keys/fetch-record";

const SECOND: i64 = 1_000_000_000;

describe("The record of a remote key set", () => {
  it("goes through shared data unchanged", () => {
    const record = new FetchRecord();
    record.begin(3 * SECOND);
    record.succeed(4 * SECOND, 60 * SECOND, true);
    const copy = new FetchRecord();
    copy.read(record.toBytes());
    expect(copy.edition).toBe(1);
    expect(copy.fetchedAt).toBe(4 * SECOND);
    expect(copy.nextAt).toBe(64 * SECOND);
    expect(copy.startedAt).toBe(3 * SECOND);
    expect(copy.finishedAt).toBe(4 * SECOND);
  });

  it("is that of a set never fetched when nothing or something else is stored", () => {
    const record = new FetchRecord();
    record.succeed(SECOND, SECOND, true);
    record.read(EMPTY);
    expect(record.edition).toBe(0);
    record.read(text("not a record"));
    expect(record.isDue(1)).toBe(true);
  });

  it("lets one fetch at a time for as long as its lease is renewed, and another soon after", () => {
    const record = new FetchRecord();
    expect(record.isDue(SECOND)).toBe(true);
    record.begin(SECOND);
    expect(record.isDue(2 * SECOND)).toBe(false);
    expect(record.mayAskForUnknown(2 * SECOND)).toBe(false);
    record.renew(3 * SECOND);
    expect(record.isDue(5 * SECOND)).toBe(false);
    expect(record.isDue(6 * SECOND)).toBe(true);
  });

  it("backs off from one second to sixty", () => {
    const record = new FetchRecord();
    let now = SECOND;
    const pauses: i64[] = [1, 2, 4, 8, 16, 32, 60, 60];
    for (let i = 0; i < pauses.length; i++) {
      record.fail(now);
      expect(record.nextAt - now).toBe(pauses[i] * SECOND);
      expect(record.isDue(record.nextAt - 1)).toBe(false);
      expect(record.mayAskForUnknown(record.nextAt - 1)).toBe(false);
      now = record.nextAt;
    }
    record.succeed(now, 60 * SECOND, true);
    record.fail(now);
    expect(record.nextAt - now).toBe(SECOND);
  });

  it("lets unknown keys ask once in ten seconds", () => {
    const record = new FetchRecord();
    record.begin(SECOND);
    record.succeed(2 * SECOND, 600 * SECOND, true);
    expect(record.mayAskForUnknown(11 * SECOND - 1)).toBe(false);
    expect(record.mayAskForUnknown(11 * SECOND)).toBe(true);
  });

  it("counts an edition only when the keys are others", () => {
    const record = new FetchRecord();
    record.succeed(SECOND, SECOND, true);
    record.succeed(2 * SECOND, SECOND, false);
    expect(record.edition).toBe(1);
    expect(record.fetchedAt).toBe(2 * SECOND);
    record.edition = u32.MAX_VALUE;
    record.succeed(3 * SECOND, SECOND, true);
    expect(record.edition).toBe(1);
  });
});
