// gRPC and gRPC-Web as HTTP carries them: their content types, and the frame of trailers that a
// gRPC-Web response ends with (PROTOCOL-WEB.md of grpc/grpc): browsers show no trailers to a page.
//
//   0x80 | length u32, big-endian | grpc-status:16 CRLF grpc-message:percent-encoded text CRLF
import {
  Bytes,
  NONE,
  at,
  equalIgnoreCase,
  lengthOf,
  pointerOf,
  slice,
  startsWith,
  text,
} from "../bytes";
import { encodeBase64url } from "../base64url";
import { Writer } from "../writer";
import { putEscape } from "./percent";

const GRPC = text("application/grpc");
const WEB = text("application/grpc-web");
const WEB_TEXT = text("application/grpc-web-text");
const PLUS: u8 = 0x2b;
const SEMICOLON: u8 = 0x3b;
const BLANK: u8 = 0x20;
const PERCENT: u8 = 0x25;
const DASH: u8 = 0x2d;
const UNDERSCORE: u8 = 0x5f;
const SLASH: u8 = 0x2f;
const TRAILERS: u8 = 0x80;
const STATUS = text("grpc-status:");
const MESSAGE = text("grpc-message:");
const LINE_END = text("\r\n");
/**
 * A longer message is cut: some clients refuse trailers of more than 8 KiB, and a byte may take
 * three.
 */
const MESSAGE_BYTES_MAX = 2048;

/**
 * As Envoy's `Grpc::Common::hasGrpcContentType`: `application/grpc` alone or with a suffix
 * `+proto`. gRPC-Web is another protocol, and so is anything with parameters behind it.
 */
export function isGrpc(type: Bytes): bool {
  if (type == NONE || !startsWith(type, GRPC)) return false;
  return lengthOf(type) == lengthOf(GRPC) || at(type, lengthOf(GRPC)) == PLUS;
}

/** A content type of gRPC-Web, in binary or in base64. */
export function isGrpcWeb(type: Bytes): bool {
  return isType(type, WEB) || isGrpcWebText(type);
}

/** Of gRPC-Web in base64. */
export function isGrpcWebText(type: Bytes): bool {
  return isType(type, WEB_TEXT);
}

/** Whether a media type is `wanted`, with a suffix or parameters or without. */
function isType(type: Bytes, wanted: Bytes): bool {
  if (type == NONE || !equalIgnoreCase(slice(type, 0, lengthOf(wanted)), wanted)) return false;
  if (lengthOf(type) == lengthOf(wanted)) return true;
  const next = at(type, lengthOf(wanted));
  return next == PLUS || next == SEMICOLON || next == BLANK;
}

const lines = new Writer();
const frame = new Writer();
const base64 = new Writer();

/**
 * The body of a gRPC-Web response that has only trailers, in base64 where `isText`. Valid until the
 * next call.
 */
export function trailersOnly(status: u32, message: Bytes, isText: bool): Bytes {
  lines.reset();
  lines.bytes(STATUS);
  lines.decimal(status);
  lines.bytes(LINE_END);
  if (lengthOf(message) > 0) putMessage(slice(message, 0, MESSAGE_BYTES_MAX));
  frame.reset();
  frame.byte(TRAILERS);
  for (let shift = 24; shift >= 0; shift -= 8) frame.byte(<u8>(lines.length >> shift));
  frame.bytes(lines.view());
  return isText ? inBase64(frame.view()) : frame.view();
}

/** Percent-encoded, as "Responses" in PROTOCOL-HTTP2.md of grpc/grpc has it. */
function putMessage(message: Bytes): void {
  lines.bytes(MESSAGE);
  for (let i = 0; i < lengthOf(message); i++) {
    const byte = at(message, i);
    if (byte >= 0x20 && byte < 0x7f && byte != PERCENT) lines.byte(byte);
    else putEscape(lines, byte);
  }
  lines.bytes(LINE_END);
}

/** Base64 with padding: base64url with other signs for 62 and 63. */
function inBase64(source: Bytes): Bytes {
  base64.reset();
  encodeBase64url(source, base64, true);
  const encoded = base64.view();
  for (let i: usize = 0; i < <usize>lengthOf(encoded); i++) {
    const letter = load<u8>(pointerOf(encoded) + i);
    if (letter == DASH) store<u8>(pointerOf(encoded) + i, PLUS);
    if (letter == UNDERSCORE) store<u8>(pointerOf(encoded) + i, SLASH);
  }
  return encoded;
}
