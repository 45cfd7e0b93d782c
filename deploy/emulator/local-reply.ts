// The response that Envoy makes of a local reply (`source/common/http/utility.cc`,
// prepareLocalReply).
import { HeaderMap } from "./headers.ts";

export interface LocalReply {
  status: number;
  details: string;
  body: Buffer;
  headers: [string, Buffer][];
  grpcStatus?: number;
}

/** HTTP status → gRPC status (Envoy's httpToGrpcStatus); anything else is Unknown. */
const grpcStatuses: Record<number, number> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  429: 14,
  502: 14,
  503: 14,
  504: 14,
};
const GRPC_UNKNOWN = 2;

export function grpcStatusOf(status: number): number {
  return grpcStatuses[status] ?? GRPC_UNKNOWN;
}

/**
 * Headers and body for the client: a gRPC client gets its status in headers, HEAD gets no body.
 */
export function localResponse(
  request: HeaderMap,
  reply: LocalReply,
): { headers: HeaderMap; body: Buffer } {
  const headers = new HeaderMap([[":status", String(reply.status)]]);
  for (const [name, value] of reply.headers) headers.add(name, value);
  const isGrpc = /^application\/grpc(\+|$)/.test(request.get("content-type") ?? "");
  if (isGrpc) return grpcResponse(headers, reply);
  if (reply.body.length > 0) {
    headers.set("content-length", String(reply.body.length));
    if (!headers.has("content-type")) headers.set("content-type", "text/plain");
  } else {
    headers.remove("content-length");
    headers.remove("content-type");
  }
  return { headers, body: request.get(":method") === "HEAD" ? Buffer.alloc(0) : reply.body };
}

/** HTTP 200 with `grpc-status`, the body as the message. */
function grpcResponse(headers: HeaderMap, reply: LocalReply): { headers: HeaderMap; body: Buffer } {
  headers.set(":status", "200");
  headers.set("content-type", "application/grpc");
  if (!headers.has("grpc-status")) {
    headers.set("grpc-status", String(reply.grpcStatus ?? grpcStatusOf(reply.status)));
  }
  if (reply.body.length > 0) headers.set("grpc-message", percentEncode(reply.body));
  headers.remove("content-length");
  return { headers, body: Buffer.alloc(0) };
}

/** Percent-encoding of grpc-message (gRPC over HTTP/2, "Responses"). */
function percentEncode(bytes: Buffer): string {
  const encoded = [...bytes].map((byte) =>
    byte >= 0x20 && byte <= 0x7e && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
  );
  return encoded.join("");
}
