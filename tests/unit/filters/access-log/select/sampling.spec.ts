import { Sampling } from "../../../../../assembly/filters/access-log/select/sampling";
import { MatchSettings } from "../../../../../assembly/lib/match/match-settings";
import { config } from "../../../support/config";
import { FakeRecord } from "../../../support/record";
import { FakeRequest } from "../../../support/request";

function sampling(settings: string): Sampling {
  return Sampling.read(config('{"sample":' + settings + "}"), new MatchSettings());
}

/** Sixteen digits that are spread by an odd multiplier. */
function traceId(index: i32): string {
  const id = <u64>index * 0x9e3779b97f4a7c15 + 1;
  return id.toString(16).padStart(16, "0");
}

function keeps(each: Sampling, id: string): bool {
  return each.keeps(new FakeRecord(new FakeRequest().with("x-b3-traceid", id)));
}

function withHeader(name: string, value: string): FakeRecord {
  return new FakeRecord(new FakeRequest().with(name, value));
}

describe("sampling", () => {
  it("keeps the share it is told", () => {
    const half = sampling('{"percent":12.5}');
    let kept = 0;
    for (let i = 0; i < 20_000; i++) if (keeps(half, traceId(i))) kept++;
    expect(kept).toBeGreaterThan(2_300);
    expect(kept).toBeLessThan(2_700);
  });

  it("keeps the same traces everywhere, and with less percent a part of them", () => {
    const most = sampling('{"percent":60}');
    const some = sampling('{"percent":20,"key":"b3"}');
    for (let i = 0; i < 2_000; i++) {
      const id = traceId(i);
      expect(keeps(most, id)).toBe(keeps(most, "0000000000000000" + id));
      expect(keeps(most, id)).toBe(keeps(most, id.toUpperCase()));
      if (keeps(some, id)) expect(keeps(most, id)).toBe(true);
    }
  });

  it("asks nothing of the host when the percentage alone decides", () => {
    const record = new FakeRecord();
    expect(sampling('{"percent":100}').keeps(record)).toBe(true);
    expect(sampling('{"percent":0}').keeps(record)).toBe(false);
    expect(record.reads).toBe(0);
  });

  it("keeps what alwaysWhen names at any percentage", () => {
    const half = sampling(
      '{"percent":0,"alwaysWhen":[{"status":{"min":500}},{"duration":{"min":"1s"}}]}',
    );
    expect(half.keeps(new FakeRecord().integerAt("response.code", 503))).toBe(true);
    expect(half.keeps(new FakeRecord().integerAt("response.code", 200))).toBe(false);
    expect(half.keeps(new FakeRecord().integerAt("request.duration", 1_000_000_000))).toBe(true);
    expect(half.keeps(new FakeRecord().integerAt("request.duration", 999_999_999))).toBe(false);
  });

  it("falls back on the request's id, then on chance", () => {
    const half = sampling('{"percent":50}');
    const record = new FakeRecord(
      new FakeRequest().with("x-request-id", "b626b192-10bc-4ada-a869-a75f429c52c5"),
    );
    const first = half.keeps(record);
    for (let i = 0; i < 10; i++) expect(half.keeps(record)).toBe(first);
    let kept = 0;
    for (let i = 0; i < 1_000; i++) if (half.keeps(new FakeRecord())) kept++;
    expect(kept).toBeGreaterThan(400);
    expect(kept).toBeLessThan(600);
  });

  it("decides by the same trace whatever tracer's header it stands in", () => {
    const half = sampling('{"percent":50}');
    for (let i = 1; i < 200; i++) {
      const id = traceId(i);
      const kept = keeps(half, id);
      const upper = "4bf92f35" + "77b34da6" + id;
      const xray = "Root=1-" + upper.slice(0, 8) + "-" + upper.slice(8);
      const number = <u64>i * 0x9e3779b97f4a7c15 + 1;
      expect(half.keeps(withHeader("x-amzn-trace-id", xray))).toBe(kept);
      expect(half.keeps(withHeader("x-datadog-trace-id", number.toString()))).toBe(kept);
      expect(half.keeps(withHeader("x-cloud-trace-context", upper + "/1;o=1"))).toBe(kept);
      expect(half.keeps(withHeader("uber-trace-id", upper + ":1:0:1"))).toBe(kept);
      expect(
        sampling('{"percent":50,"key":"jaeger"}').keeps(withHeader("uber-trace-id", id + ":1:0:1")),
      ).toBe(kept);
    }
  });

  it("with a secret, decides otherwise than without, and the same wherever the secret is the same", () => {
    const open = sampling('{"percent":50}');
    const first = sampling('{"percent":50,"secret":"0123456789abcdef"}');
    const second = sampling('{"percent":50,"secret":"0123456789abcdef"}');
    const other = sampling('{"percent":50,"secret":"0123456789abcdeg"}');
    let fromOpen = 0;
    let fromOther = 0;
    for (let i = 0; i < 2_000; i++) {
      const id = traceId(i);
      expect(keeps(first, id)).toBe(keeps(second, id));
      if (keeps(first, id) != keeps(open, id)) fromOpen++;
      if (keeps(first, id) != keeps(other, id)) fromOther++;
    }
    expect(fromOpen).toBeGreaterThan(800);
    expect(fromOther).toBeGreaterThan(800);
  });
});
