import { Sampling } from "../../../../../assembly/filters/access-log/select/sampling";
import { config } from "../../../support/config";
import { FakeRecord } from "../../../support/record";
import { FakeRequest } from "../../../support/request";

function sampling(settings: string): Sampling {
  return Sampling.read(config('{"sample":' + settings + "}"));
}

/** Sixteen digits that are spread by an odd multiplier. */
function traceId(index: i32): string {
  const id = <u64>index * 0x9e3779b97f4a7c15 + 1;
  return id.toString(16).padStart(16, "0");
}

function keeps(lot: Sampling, id: string): bool {
  return lot.keeps(new FakeRecord(new FakeRequest().with("x-b3-traceid", id)));
}

describe("sampling", () => {
  it("keeps the share it is told", () => {
    const lot = sampling('{"percent":12.5}');
    let kept = 0;
    for (let i = 0; i < 20_000; i++) if (keeps(lot, traceId(i))) kept++;
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

  it("asks nothing of the host when the lot is clear", () => {
    const record = new FakeRecord();
    expect(sampling('{"percent":100}').keeps(record)).toBe(true);
    expect(sampling('{"percent":0}').keeps(record)).toBe(false);
    expect(record.reads).toBe(0);
  });

  it("keeps what must be kept, whatever the lot says", () => {
    const lot = sampling(
      '{"percent":0,"alwaysWhen":[{"status":{"min":500}},{"duration":{"min":"1s"}}]}',
    );
    expect(lot.keeps(new FakeRecord().integerAt("response.code", 503))).toBe(true);
    expect(lot.keeps(new FakeRecord().integerAt("response.code", 200))).toBe(false);
    expect(lot.keeps(new FakeRecord().integerAt("request.duration", 1_000_000_000))).toBe(true);
    expect(lot.keeps(new FakeRecord().integerAt("request.duration", 999_999_999))).toBe(false);
  });

  it("falls back on the request's id, then on chance", () => {
    const lot = sampling('{"percent":50}');
    const record = new FakeRecord(
      new FakeRequest().with("x-request-id", "b626b192-10bc-4ada-a869-a75f429c52c5"),
    );
    const first = lot.keeps(record);
    for (let i = 0; i < 10; i++) expect(lot.keeps(record)).toBe(first);
    let kept = 0;
    for (let i = 0; i < 1_000; i++) if (lot.keeps(new FakeRecord())) kept++;
    expect(kept).toBeGreaterThan(400);
    expect(kept).toBeLessThan(600);
  });
});
