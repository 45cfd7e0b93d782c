import {
  NO_STATUS,
  Outcome,
  outcomeOf,
  parseGrpcStatus,
} from "../../../../assembly/filters/canary/outcome";
import { NONE, text } from "../../../../assembly/lib/bytes";

describe("the outcome of an answer", () => {
  it("is a failure from 500 on, and not below", () => {
    expect(outcomeOf(200, 0, false, NO_STATUS)).toBe(Outcome.Good);
    expect(outcomeOf(499, 0, false, NO_STATUS)).toBe(Outcome.Good);
    expect(outcomeOf(500, 0, false, NO_STATUS)).toBe(Outcome.Failed);
    expect(outcomeOf(503, 0x4000, false, NO_STATUS)).toBe(Outcome.Failed);
  });

  it("is a failure when the upstream broke off, whatever the status", () => {
    const flags: i64[] = [0x4, 0x8, 0x10, 0x20, 0x40, 0x80000, 0x800000];
    for (let i = 0; i < flags.length; i++) {
      expect(outcomeOf(200, flags[i], false, NO_STATUS)).toBe(Outcome.Failed);
      expect(outcomeOf(0, flags[i], false, NO_STATUS)).toBe(Outcome.Failed);
    }
  });

  it("is nothing when the client broke off", () => {
    expect(outcomeOf(0, 0, false, NO_STATUS)).toBe(Outcome.Nothing);
    expect(outcomeOf(0, 0x4000, false, NO_STATUS)).toBe(Outcome.Nothing);
    expect(outcomeOf(200, 0x4000, true, NO_STATUS)).toBe(Outcome.Nothing);
    expect(outcomeOf(200, 0x10000000, false, NO_STATUS)).toBe(Outcome.Nothing);
  });

  it("follows the gRPC status where the answer is gRPC's", () => {
    const bad: i32[] = [NO_STATUS, 2, 4, 13, 14, 15];
    for (let status = -1; status <= 16; status++) {
      const expected = bad.includes(status) ? Outcome.Failed : Outcome.Good;
      expect(outcomeOf(200, 0, true, status)).toBe(expected);
      expect(outcomeOf(200, 0, false, status)).toBe(Outcome.Good);
    }
  });
});

describe("a gRPC status", () => {
  it("is a small decimal number", () => {
    expect(parseGrpcStatus(text("0"))).toBe(0);
    expect(parseGrpcStatus(text("14"))).toBe(14);
    expect(parseGrpcStatus(NONE)).toBe(NO_STATUS);
    expect(parseGrpcStatus(text(""))).toBe(NO_STATUS);
    expect(parseGrpcStatus(text("1x"))).toBe(NO_STATUS);
    expect(parseGrpcStatus(text("1000"))).toBe(NO_STATUS);
    expect(parseGrpcStatus(text("-1"))).toBe(NO_STATUS);
  });
});
