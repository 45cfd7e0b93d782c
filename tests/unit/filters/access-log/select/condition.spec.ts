import {
  anyHolds,
  readConditions,
} from "../../../../../assembly/filters/access-log/select/condition";
import { MatchSettings } from "../../../../../assembly/lib/match/match-settings";
import { config } from "../../../support/config";
import { FakeRecord } from "../../../support/record";
import { FakeRequest } from "../../../support/request";

const MILLI: i64 = 1_000_000;

function holds(conditions: string, record: FakeRecord): bool {
  const at = config('{"when":' + conditions + "}");
  const read = readConditions(at, "when", new MatchSettings());
  expect(at.errors.first).toBe("");
  return anyHolds(read, record);
}

function answered(code: i64, millis: i64 = 10, flags: i64 = 0): FakeRecord {
  const record = new FakeRecord(new FakeRequest("GET", "/api"));
  return record
    .integerAt("response.code", code)
    .integerAt("request.duration", millis * MILLI)
    .integerAt("response.flags", flags);
}

describe("conditions", () => {
  it("are ranges with both ends in them", () => {
    expect(holds('[{"status":{"min":400,"max":404}}]', answered(400))).toBe(true);
    expect(holds('[{"status":{"min":400,"max":404}}]', answered(404))).toBe(true);
    expect(holds('[{"status":{"min":400,"max":404}}]', answered(405))).toBe(false);
    expect(holds('[{"status":{"max":0}}]', new FakeRecord())).toBe(true);
    expect(holds('[{"duration":{"min":"10ms"}}]', answered(200, 10))).toBe(true);
    expect(holds('[{"duration":{"min":"11ms"}}]', answered(200, 10))).toBe(false);
    expect(holds('[{"duration":{"min":"0s"}}]', new FakeRecord())).toBe(false);
  });

  it("are flags by Envoy's short names, any of those named", () => {
    expect(holds('[{"flags":["UF","DC"]}]', answered(503, 1, 1 << 5))).toBe(true);
    expect(holds('[{"flags":["UH"]}]', answered(503, 1, 1 << 5))).toBe(false);
    expect(holds('[{"flags":["any"]}]', answered(503, 1, 1 << 29))).toBe(true);
    expect(holds('[{"flags":["any"]}]', answered(200))).toBe(false);
  });

  it("are the status of gRPC answers alone", () => {
    const request = new FakeRequest("POST", "/a").with("content-type", "application/grpc+proto");
    const record = new FakeRecord(request).integerAt("response.grpc_status", 14);
    expect(holds('[{"grpcStatus":{"min":1}}]', record)).toBe(true);
    expect(
      holds('[{"grpcStatus":{"min":0}}]', answered(200).integerAt("response.grpc_status", 2)),
    ).toBe(false);
  });

  it("hold all together, and in a list one is enough", () => {
    expect(holds('[{"status":{"min":500},"duration":{"min":"1s"}}]', answered(500, 10))).toBe(
      false,
    );
    expect(holds('[{"status":{"min":500}},{"duration":{"min":"1s"}}]', answered(500, 10))).toBe(
      true,
    );
    expect(
      holds('[{"match":[{"uri":{"prefix":"/api"}}],"status":{"max":299}}]', answered(200)),
    ).toBe(true);
  });

  it("are put together with and, or, not", () => {
    const nested =
      '[{"and":[{"not":{"status":{"max":399}}},{"or":[{"flags":["any"]},{"duration":{"min":"1s"}}]}]}]';
    expect(holds(nested, answered(500, 2_000))).toBe(true);
    expect(holds(nested, answered(500, 10, 1))).toBe(true);
    expect(holds(nested, answered(500, 10))).toBe(false);
    expect(holds(nested, answered(200, 2_000))).toBe(false);
  });
});
