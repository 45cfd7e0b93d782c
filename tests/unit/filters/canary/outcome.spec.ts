import {
  Exchange,
  Media,
  NO_STATUS,
  Outcome,
  mediaOf,
  parseGrpcStatus,
} from "../../../../assembly/filters/canary/outcome";
import { NONE, text } from "../../../../assembly/lib/bytes";

const DC: i64 = 0x4000;
const UC: i64 = 0x40;
const MILLI: i64 = 1_000_000;

/** An exchange whose response came from the upstream. */
function answered(code: i64, flags: i64 = 0, contentType: string = "text/html"): Exchange {
  const exchange = new Exchange();
  exchange.endRequest(1);
  exchange.hasResponse = code != 0;
  exchange.hasUpstreamTime = code != 0;
  exchange.setMedia(text(contentType), NONE);
  exchange.code = code;
  exchange.flags = flags;
  return exchange;
}

/** An exchange whose response another filter or the proxy made. */
function answeredHere(code: i64, flags: i64 = 0): Exchange {
  const exchange = answered(code, flags);
  exchange.hasUpstreamTime = false;
  return exchange;
}

function grpc(status: i32, flags: i64 = 0): Exchange {
  const exchange = answered(200, flags, "application/grpc");
  exchange.grpcStatus = status;
  return exchange;
}

describe("the outcome of an exchange", () => {
  it("is a failure from status 500 on, and good below", () => {
    expect(answered(200).outcome(NONE, 0)).toBe(Outcome.Good);
    expect(answered(499).outcome(NONE, 0)).toBe(Outcome.Good);
    expect(answered(500).outcome(NONE, 0)).toBe(Outcome.Failed);
    expect(answered(503, DC).outcome(NONE, 0)).toBe(Outcome.Failed);
  });

  it("is a failure when the upstream cannot be reached or breaks off, whatever the status", () => {
    const flags: i64[] = [0x2, 0x4, 0x8, 0x10, 0x20, 0x40, 0x80000, 0x800000, 0x1000000, 0x4000000];
    for (let i = 0; i < flags.length; i++) {
      expect(answered(200, flags[i]).outcome(NONE, 0)).toBe(Outcome.Failed);
      expect(answered(0, flags[i]).outcome(NONE, 0)).toBe(Outcome.Failed);
      expect(answeredHere(503, flags[i]).outcome(text("x"), 0)).toBe(Outcome.Failed);
    }
  });

  it("is nothing when another filter answered", () => {
    const refused = text("ext_authz_denied");
    expect(answeredHere(503, 0x400).outcome(text("fault_filter_abort"), 0)).toBe(Outcome.Nothing);
    expect(answeredHere(403, 0x1000).outcome(refused, 0)).toBe(Outcome.Nothing);
    expect(answeredHere(200).outcome(text("direct_response"), 0)).toBe(Outcome.Nothing);
    expect(answeredHere(503, 0x80).outcome(text("overflow"), 0)).toBe(Outcome.Nothing);
    const unavailable = answeredHere(200);
    unavailable.setMedia(text("application/grpc"), text("14"));
    expect(unavailable.outcome(refused, 0)).toBe(Outcome.Nothing);
  });

  it("is the upstream's where the proxy says so or cannot say", () => {
    expect(answeredHere(503).outcome(text("via_upstream"), 0)).toBe(Outcome.Failed);
    expect(answeredHere(200).outcome(text("via_upstream"), 0)).toBe(Outcome.Good);
    expect(answeredHere(503).outcome(NONE, 0)).toBe(Outcome.Failed);
  });

  it("is nothing when the client left before the response", () => {
    expect(answered(0).outcome(NONE, 0)).toBe(Outcome.Nothing);
    expect(answered(0, DC).outcome(NONE, 0)).toBe(Outcome.Nothing);
    expect(answered(0, DC | UC).outcome(NONE, 0)).toBe(Outcome.Nothing);
  });

  it("is good when the client left during the response", () => {
    expect(answered(200, DC).outcome(NONE, 0)).toBe(Outcome.Good);
    expect(grpc(NO_STATUS, 0x10000000).outcome(NONE, 0)).toBe(Outcome.Good);
  });

  it("is good for a WebSocket and a tunnel, however they end", () => {
    expect(answered(101, UC).outcome(NONE, 0)).toBe(Outcome.Good);
    expect(answered(101, DC).outcome(NONE, 0)).toBe(Outcome.Good);
    const tunnel = answered(200, UC);
    expect(tunnel.outcome(NONE, 0)).toBe(Outcome.Failed);
    tunnel.asksForTunnel = true;
    expect(tunnel.outcome(NONE, 0)).toBe(Outcome.Good);
    tunnel.code = 503;
    expect(tunnel.outcome(NONE, 0)).toBe(Outcome.Failed);
  });

  it("is good for an event stream that began, however it ends", () => {
    expect(answered(200, UC, "text/event-stream").outcome(NONE, 0)).toBe(Outcome.Good);
    expect(answered(200, 0x4, "text/event-stream; charset=utf-8").outcome(NONE, 0)).toBe(
      Outcome.Good,
    );
    expect(answered(503, 0, "text/event-stream").outcome(NONE, 0)).toBe(Outcome.Failed);
  });

  it("is a failure when nothing came until the idle timeout", () => {
    expect(answeredHere(504, 0x10000).outcome(text("stream_idle_timeout"), 0)).toBe(Outcome.Failed);
    const uploading = answeredHere(408, 0x10000);
    uploading.isRequestComplete = false;
    expect(uploading.outcome(text("stream_idle_timeout"), 0)).toBe(Outcome.Nothing);
  });

  it("follows the gRPC status where the response is gRPC's", () => {
    const bad: i32[] = [NO_STATUS, 2, 4, 13, 14, 15];
    for (let status = -1; status <= 16; status++) {
      const expected = bad.includes(status) ? Outcome.Failed : Outcome.Good;
      expect(grpc(status).outcome(NONE, 0)).toBe(expected);
    }
    const web = answered(200, 0, "application/grpc-web+proto");
    expect(web.outcome(NONE, 0)).toBe(Outcome.Good);
    web.setMedia(text("application/grpc-web-text"), text("14"));
    expect(web.outcome(NONE, 0)).toBe(Outcome.Failed);
  });
});

describe("a slow exchange", () => {
  const limit = 500 * MILLI;

  it("is one whose first byte comes late after the request is complete", () => {
    const exchange = answered(200);
    exchange.endRequest(1000 * MILLI);
    exchange.endWait(1400 * MILLI);
    expect(exchange.outcome(NONE, limit)).toBe(Outcome.Good);
    exchange.endWait(1600 * MILLI);
    expect(exchange.outcome(NONE, limit)).toBe(Outcome.Failed);
    expect(exchange.outcome(NONE, 0)).toBe(Outcome.Good);
    exchange.code = 101;
    expect(exchange.outcome(NONE, limit)).toBe(Outcome.Failed);
  });

  it("is none while the client still sends", () => {
    const exchange = new Exchange();
    exchange.reset();
    exchange.endWait(9000 * MILLI);
    exchange.hasResponse = true;
    exchange.hasUpstreamTime = true;
    exchange.code = 200;
    expect(exchange.outcome(NONE, limit)).toBe(Outcome.Good);
  });

  it("is a failure also when the client gives up", () => {
    const exchange = answered(0, DC);
    exchange.endRequest(1000 * MILLI);
    exchange.endWait(1600 * MILLI);
    expect(exchange.outcome(NONE, limit)).toBe(Outcome.Failed);
    expect(exchange.outcome(NONE, 0)).toBe(Outcome.Nothing);
  });

  it("is nothing when another filter was slow", () => {
    const exchange = answeredHere(503, 0x200 | 0x400);
    exchange.endWait(9000 * MILLI);
    expect(exchange.outcome(text("fault_filter_abort"), limit)).toBe(Outcome.Nothing);
  });
});

describe("a media type", () => {
  it("tells gRPC from gRPC-Web, and event streams", () => {
    expect(mediaOf(text("application/grpc"))).toBe(Media.Grpc);
    expect(mediaOf(text("application/grpc+proto"))).toBe(Media.Grpc);
    expect(mediaOf(text("Application/gRPC; charset=utf-8"))).toBe(Media.Grpc);
    expect(mediaOf(text("application/grpc-web"))).toBe(Media.GrpcWeb);
    expect(mediaOf(text("application/grpc-web+proto"))).toBe(Media.GrpcWeb);
    expect(mediaOf(text("text/event-stream;charset=utf-8"))).toBe(Media.EventStream);
    expect(mediaOf(text("application/grpcx"))).toBe(Media.Other);
    expect(mediaOf(NONE)).toBe(Media.Other);
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
