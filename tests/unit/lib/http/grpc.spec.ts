import { Bytes, NONE, at, lengthOf, slice, text, toText } from "../../../../assembly/lib/bytes";
import { isGrpc, isGrpcWeb, isGrpcWebText, trailersOnly } from "../../../../assembly/lib/http/grpc";
import { grpcCodeOf } from "../../../../assembly/lib/http/grpc-status";

function lengthIn(frame: Bytes): i32 {
  return (at(frame, 1) << 24) | (at(frame, 2) << 16) | ((<i32>at(frame, 3)) << 8) | at(frame, 4);
}

describe("A content type", () => {
  it("is gRPC's alone or with a suffix, as Envoy reads it", () => {
    expect(isGrpc(text("application/grpc"))).toBe(true);
    expect(isGrpc(text("application/grpc+proto"))).toBe(true);
    expect(isGrpc(text("application/grpc;x=1"))).toBe(false);
    expect(isGrpc(text("application/grpc-web"))).toBe(false);
    expect(isGrpc(text("application/json"))).toBe(false);
    expect(isGrpc(NONE)).toBe(false);
  });

  it("is gRPC-Web's in binary and in base64", () => {
    expect(isGrpcWeb(text("application/grpc-web"))).toBe(true);
    expect(isGrpcWeb(text("application/grpc-web+proto"))).toBe(true);
    expect(isGrpcWeb(text("Application/gRPC-Web; charset=utf-8"))).toBe(true);
    expect(isGrpcWeb(text("application/grpc-web-text+proto"))).toBe(true);
    expect(isGrpcWeb(text("application/grpc-website"))).toBe(false);
    expect(isGrpcWeb(text("application/grpc"))).toBe(false);
    expect(isGrpcWeb(NONE)).toBe(false);
    expect(isGrpcWebText(text("application/grpc-web-text"))).toBe(true);
    expect(isGrpcWebText(text("application/grpc-web"))).toBe(false);
  });
});

describe("The trailers of a gRPC-Web response", () => {
  it("are a frame with its length, the status and the message", () => {
    const frame = trailersOnly(16, text("Jwt is missing"), false);
    const trailers = "grpc-status:16\r\ngrpc-message:Jwt is missing\r\n";
    expect(at(frame, 0)).toBe(0x80);
    expect(lengthIn(frame)).toBe(trailers.length);
    expect(toText(slice(frame, 5))).toBe(trailers);
  });

  it("have no message where there is nothing to say", () => {
    expect(toText(slice(trailersOnly(14, text(""), false), 5))).toBe("grpc-status:14\r\n");
  });

  it("are in base64 with padding where the client wants text", () => {
    expect(toText(trailersOnly(14, text(""), true))).toBe("gAAAABBncnBjLXN0YXR1czoxNA0K");
    expect(toText(trailersOnly(8, text("~~~?"), true))).toBe(
      "gAAAACJncnBjLXN0YXR1czo4DQpncnBjLW1lc3NhZ2U6fn5+Pw0K",
    );
  });

  it("keep a message on one line and short", () => {
    const frame = trailersOnly(7, text("50 % é\r\ngrpc-status:0"), false);
    expect(toText(slice(frame, 20))).toBe("grpc-message:50 %25 %C3%A9%0D%0Agrpc-status:0\r\n");
    const long = trailersOnly(7, text("x".repeat(100_000)), false);
    expect(lengthOf(long)).toBe(5 + "grpc-status:7\r\ngrpc-message:\r\n".length + 2048);
  });
});

describe("A gRPC code", () => {
  it("follows from the HTTP status as in Envoy", () => {
    const statuses: u32[] = [400, 401, 403, 404, 429, 500, 502, 503, 504, 418];
    const codes: u32[] = [13, 16, 7, 12, 14, 2, 14, 14, 14, 2];
    for (let i = 0; i < statuses.length; i++) expect(grpcCodeOf(statuses[i])).toBe(codes[i]);
  });
});
