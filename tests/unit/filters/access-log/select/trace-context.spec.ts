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

function isSampled(name: string, value: string): bool {
  const trace = new TraceContext();
  trace.read(new FakeRequest().with(name, value));
  return trace.isSampled;
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

  it("is X-Ray's, Datadog's, Google's or Jaeger's, in the digits that the others have", () => {
    const xray =
      "Self=1-67891234-12456789abcdef012345678;Parent=" +
      SPAN +
      ";Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Sampled=1";
    expect(traceOf(new FakeRequest().with("x-amzn-trace-id", xray))).toBe(TRACE + " " + SPAN);
    const datadog = new FakeRequest()
      .with("x-datadog-trace-id", "11803532876627986230")
      .with("x-datadog-parent-id", "67667974448284343");
    expect(traceOf(datadog)).toBe("a3ce929d0e0e4736 " + SPAN);
    expect(traceOf(datadog.with("x-datadog-tags", "a=b,_dd.p.tid=4bf92f3577b34da6"))).toBe(
      TRACE + " " + SPAN,
    );
    const google = TRACE + "/67667974448284343;o=1";
    expect(traceOf(new FakeRequest().with("x-cloud-trace-context", google))).toBe(
      TRACE + " " + SPAN,
    );
    expect(traceOf(new FakeRequest().with("x-cloud-trace-context", TRACE))).toBe(TRACE + " -");
    const jaeger = [
      TRACE + ":f067aa0ba902b7:0:1",
      TRACE + "%3Af067aa0ba902b7%3A0%3A1",
      TRACE + ":00f067aa0ba902b7:aaaa:3",
    ];
    for (let i = 0; i < jaeger.length; i++) {
      expect(traceOf(new FakeRequest().with("uber-trace-id", jaeger[i]))).toBe(TRACE + " " + SPAN);
    }
    expect(traceOf(new FakeRequest().with("uber-trace-id", "abc:1:0:0"))).toBe(
      "0000000000000abc 0000000000000001",
    );
  });

  it("is sampled when the tracer that began it says so", () => {
    expect(isSampled("x-amzn-trace-id", "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Sampled=1")).toBe(
      true,
    );
    expect(isSampled("x-amzn-trace-id", "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Sampled=0")).toBe(
      false,
    );
    expect(isSampled("x-cloud-trace-context", TRACE + "/1;o=1")).toBe(true);
    expect(isSampled("x-cloud-trace-context", TRACE + "/1;o=0")).toBe(false);
    expect(isSampled("uber-trace-id", TRACE + ":1:0:1")).toBe(true);
    expect(isSampled("uber-trace-id", TRACE + ":1:0:0")).toBe(false);
  });

  it("is none where a tracer's header is no id", () => {
    const bad = new FakeRequest()
      .with("x-amzn-trace-id", "Root=1-4bf92f35x77b34da6a3ce929d0e0e4736")
      .with("x-datadog-trace-id", "18446744073709551616")
      .with("x-cloud-trace-context", "/1;o=1")
      .with("uber-trace-id", ":::");
    expect(traceOf(bad)).toBe("none");
    const empty = new FakeRequest()
      .with("x-amzn-trace-id", "")
      .with("x-datadog-trace-id", "")
      .with("x-cloud-trace-context", "")
      .with("uber-trace-id", "");
    expect(traceOf(empty)).toBe("none");
    expect(traceOf(new FakeRequest().with("uber-trace-id", TRACE + "0:1:0:1"))).toBe("none");
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
