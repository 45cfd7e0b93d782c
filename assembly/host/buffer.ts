// Buffers: configuration and the bodies of call answers. Sizes are checked before anything is
// copied in.
import { proxy_get_buffer_bytes } from "@solo-io/proxy-runtime/assembly/imports";
import { Bytes, NONE } from "../lib/bytes";
import { OUT, answer, clear } from "./out";
import { Status } from "./status";

export const enum BufferType {
  HttpRequestBody = 0,
  HttpResponseBody = 1,
  HttpCallResponseBody = 4,
  VmConfiguration = 6,
  PluginConfiguration = 7,
}

/**
 * The first `length` bytes of a buffer, alive until the callback returns; NONE when there is no
 * such buffer.
 */
export function bufferBytes(type: BufferType, length: i32): Bytes {
  clear();
  const status = proxy_get_buffer_bytes(type, 0, length, OUT, OUT + 4);
  return status == Status.Ok ? answer() : NONE;
}
