import {
  TraceContext,
  binaryId,
} from "../../../../../assembly/filters/access-log/select/trace-context";
import { NONE, at, lengthOf, toText, utf8, view } from "../../../../../assembly/lib/bytes";
import { FakeRequest } from "../../../support/request";

function traceOf(request: FakeRequest): string {
  const trace = new TraceContext();
  trace.read(request);
  if (trace.traceId == NONE) return "none";
  return toText(trace.traceId) + " " + (trace.spanId == NONE ? "-" : toText(trace.spanId));
}

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

describe("the trace of a request", () => {
  it("is W3C's before B3's", () => {
    const request = new FakeRequest().with("x-b3-traceid", "a3ce929d0e0e4736");
    expect(traceOf(request)).toBe("a3ce929d0e0e4736 -");
    expect(traceOf(request.with("traceparent", "00-" + TRACE + "-" + SPAN + "-01"))).toBe(
      TRACE + " " + SPAN,
    );
  });

  it("is B3's in several headers or in one", () => {
    expect(traceOf(new FakeRequest().with("x-b3-traceid", TRACE).with("x-b3-spanid", SPAN))).toBe(
      TRACE + " " + SPAN,
    );
    expect(traceOf(new FakeRequest().with("b3", TRACE + "-" + SPAN + "-1-" + SPAN))).toBe(
      TRACE + " " + SPAN,
    );
  });

  it("is none where there is no id", () => {
    const values = [
      "00-00000000000000000000000000000000-" + SPAN + "-01",
      "00-" + TRACE.replace("4", "g") + "-" + SPAN + "-01",
      "00-" + TRACE + "-" + SPAN,
      "00_" + TRACE + "_" + SPAN + "_01",
      "",
    ];
    for (let i = 0; i < values.length; i++)
      expect(traceOf(new FakeRequest().with("traceparent", values[i]))).toBe("none");
    expect(traceOf(new FakeRequest().with("b3", "0"))).toBe("none");
    expect(traceOf(new FakeRequest().with("x-b3-traceid", "abc"))).toBe("none");
    expect(traceOf(new FakeRequest())).toBe("none");
  });

  it("has bytes, with zeros before a short id", () => {
    const out = new StaticArray<u8>(16);
    const hex = utf8("A3ce929d0e0e4736");
    const id = binaryId(view(hex), changetype<usize>(out), 16);
    expect(lengthOf(id)).toBe(16);
    expect(at(id, 7)).toBe(0);
    expect(at(id, 8)).toBe(0xa3);
    expect(at(id, 15)).toBe(0x36);
    expect(binaryId(NONE, changetype<usize>(out), 16)).toBe(NONE);
  });
});
