// A module that does what its configuration says and logs what the host answered, so that the
// same script can be run on Envoy and on the emulator and the two compared. One operation a line:
// `<phase> <operation> <argument>…`.
import "../../assembly/host/abort";
import {
  proxy_add_header_map_value,
  proxy_call_foreign_function,
  proxy_close_stream,
  proxy_continue_stream,
  proxy_define_metric,
  proxy_done,
  proxy_get_buffer_bytes,
  proxy_get_header_map_pairs,
  proxy_get_header_map_value,
  proxy_get_metric,
  proxy_get_property,
  proxy_get_shared_data,
  proxy_http_call,
  proxy_increment_metric,
  proxy_log,
  proxy_record_metric,
  proxy_remove_header_map_value,
  proxy_replace_header_map_value,
  proxy_send_local_response,
  proxy_set_effective_context,
  proxy_set_property,
  proxy_set_shared_data,
  proxy_set_tick_period_milliseconds,
} from "@solo-io/proxy-runtime/assembly/imports";

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "clock_time_get")
declare function clock_time_get(id: i32, precision: i64, time: usize): i32;

const OUT: usize = memory.data(32, 8);
const WARN = 3;

/** Root id → script, stream id → root id: a stream runs its own root's script. */
const scripts = new Map<u32, string[]>();
const rootOf = new Map<u32, u32>();
/** The stream that started a call, so that the answer can be handled on it. */
let caller: u32 = 0;
let action: u32 = 0;

export function proxy_abi_version_0_2_1(): void {}

export function proxy_on_memory_allocate(size: usize): usize {
  return heap.alloc(size);
}

function utf8(text: string): ArrayBuffer {
  return String.UTF8.encode(text);
}

function at(buffer: ArrayBuffer): usize {
  return changetype<usize>(buffer);
}

function say(text: string): void {
  const bytes = utf8(text);
  proxy_log(WARN, at(bytes), bytes.byteLength);
}

/** The data the host gave: printable as it is, everything else in hexadecimal. */
function given(): string {
  const pointer = load<u32>(OUT);
  const length = load<u32>(OUT, 4);
  let printable = true;
  let hexadecimal = "0x";
  for (let i: u32 = 0; i < length; i++) {
    const byte = load<u8>(pointer + i);
    if (byte < 0x20 || byte > 0x7e) printable = false;
    hexadecimal += (byte < 16 ? "0" : "") + byte.toString(16);
  }
  return printable ? "'" + String.UTF8.decodeUnsafe(pointer, length) + "'" : hexadecimal;
}

function answer(status: u32): string {
  return status == 0 ? "0 " + given() : status.toString();
}

/** Header pairs in the host's form from `name=value` words. */
function pairsFrom(words: string[], from: i32): ArrayBuffer {
  const count = words.length - from;
  if (count <= 0) return new ArrayBuffer(0);
  let size = 4;
  for (let i = from; i < words.length; i++) size += 8 + String.UTF8.byteLength(words[i]) + 1;
  const buffer = new ArrayBuffer(size);
  store<u32>(at(buffer), count);
  let lengths = at(buffer) + 4;
  let data = lengths + 8 * count;
  for (let i = from; i < words.length; i++) {
    const cut = words[i].indexOf("=");
    const name = utf8(words[i].substring(0, cut));
    const value = utf8(words[i].substring(cut + 1));
    store<u32>(lengths, name.byteLength);
    store<u32>(lengths + 4, value.byteLength);
    lengths += 8;
    memory.copy(data, at(name), name.byteLength);
    data += name.byteLength + 1;
    memory.copy(data, at(value), value.byteLength);
    data += value.byteLength + 1;
  }
  return buffer;
}

function listPairs(map: i32): string {
  const status = proxy_get_header_map_pairs(map, OUT, OUT + 4);
  if (status != 0) return status.toString();
  const base = load<u32>(OUT);
  if (load<u32>(OUT, 4) < 4) return "0 none";
  let listed = "0";
  const count = load<u32>(base);
  let data: usize = base + 4 + 8 * count;
  for (let i: u32 = 0; i < count; i++) {
    const nameLength = load<u32>(base + 4 + 8 * i);
    const valueLength = load<u32>(base + 8 + 8 * i);
    listed += " " + String.UTF8.decodeUnsafe(data, nameLength);
    data += nameLength + 1;
    listed += "=" + String.UTF8.decodeUnsafe(data, valueLength).replaceAll(" ", "_");
    data += valueLength + 1;
  }
  return listed;
}

function metric(type: i32, name: string, offset: i64, record: bool): string {
  const text = utf8(name);
  const defined = proxy_define_metric(type, at(text), text.byteLength, OUT);
  if (defined != 0) return defined.toString();
  const id = load<u32>(OUT);
  const changed = record ? proxy_record_metric(id, offset) : proxy_increment_metric(id, offset);
  const read = proxy_get_metric(id, OUT);
  return (
    changed.toString() + " " + read.toString() + " " + (read == 0 ? load<u64>(OUT).toString() : "")
  );
}

function perform(words: string[]): string {
  const name = words[1];
  const first = utf8(words.length > 2 ? words[2] : "");
  const second = utf8(words.length > 3 ? words[3] : "");
  const third = utf8(words.length > 4 ? words[4] : "");
  const number = words.length > 2 ? <i32>parseInt(words[2]) : 0;
  store<u64>(OUT, 0);
  if (name == "property") {
    const path = utf8(words[2].replaceAll("/", "\0"));
    return answer(proxy_get_property(at(path), path.byteLength, OUT, OUT + 4));
  }
  if (name == "set-property") {
    return proxy_set_property(
      at(first),
      first.byteLength,
      at(second),
      second.byteLength,
    ).toString();
  }
  if (name == "header") {
    return answer(proxy_get_header_map_value(number, at(second), second.byteLength, OUT, OUT + 4));
  }
  if (name == "pairs") return listPairs(number);
  if (name == "add") {
    return proxy_add_header_map_value(
      number,
      at(second),
      second.byteLength,
      at(third),
      third.byteLength,
    ).toString();
  }
  if (name == "replace") {
    return proxy_replace_header_map_value(
      number,
      at(second),
      second.byteLength,
      at(third),
      third.byteLength,
    ).toString();
  }
  if (name == "remove")
    return proxy_remove_header_map_value(number, at(second), second.byteLength).toString();
  if (name == "buffer") {
    return answer(
      proxy_get_buffer_bytes(
        number,
        <u32>parseInt(words[3]),
        <u32>parseInt(words[4]),
        OUT,
        OUT + 4,
      ),
    );
  }
  if (name == "shared-get") {
    const status = proxy_get_shared_data(at(first), first.byteLength, OUT, OUT + 4, OUT + 8);
    return answer(status);
  }
  if (name == "shared-swap") {
    // Reads the version, then writes with it: 0 when there was no value.
    store<u32>(OUT + 8, 0);
    proxy_get_shared_data(at(first), first.byteLength, OUT, OUT + 4, OUT + 8);
    const version = load<u32>(OUT + 8) + (words.length > 4 ? <u32>parseInt(words[4]) : 0);
    return proxy_set_shared_data(
      at(first),
      first.byteLength,
      at(second),
      second.byteLength,
      version,
    ).toString();
  }
  if (name == "counter") return metric(0, words[2], <i64>parseInt(words[3]), false);
  if (name == "counter-record") return metric(0, words[2], <i64>parseInt(words[3]), true);
  if (name == "gauge") return metric(1, words[2], <i64>parseInt(words[3]), false);
  if (name == "gauge-record") return metric(1, words[2], <i64>parseInt(words[3]), true);
  if (name == "histogram") return metric(2, words[2], <i64>parseInt(words[3]), true);
  if (name == "metric-unknown") return proxy_increment_metric(<u32>number, 1).toString();
  if (name == "reply") {
    const pairs = pairsFrom(words, 5);
    const length = pairs.byteLength;
    const status = proxy_send_local_response(
      number,
      at(second),
      second.byteLength,
      at(third),
      third.byteLength,
      at(pairs),
      length,
      0xffffffff,
    );
    return status.toString();
  }
  if (name == "foreign") {
    return answer(
      proxy_call_foreign_function(
        at(first),
        first.byteLength,
        at(second),
        second.byteLength,
        OUT,
        OUT + 4,
      ),
    );
  }
  if (name == "call") {
    const pairs = pairsFrom(words, 4);
    const timeout = <u32>parseInt(words[3]);
    const status = proxy_http_call(
      at(first),
      first.byteLength,
      at(pairs),
      pairs.byteLength,
      0,
      0,
      0,
      0,
      timeout,
      OUT,
    );
    return status.toString();
  }
  if (name == "stop") {
    action = 1;
    return "stopping";
  }
  if (name == "continue") return proxy_continue_stream(number).toString();
  if (name == "close") return proxy_close_stream(number).toString();
  if (name == "use-caller") return proxy_set_effective_context(caller).toString();
  if (name == "use") return proxy_set_effective_context(number).toString();
  if (name == "tick") return proxy_set_tick_period_milliseconds(number).toString();
  if (name == "done") return proxy_done().toString();
  if (name == "clock") {
    const status = clock_time_get(number, 1, OUT);
    return status.toString() + (load<u64>(OUT) > 0 ? " positive" : "");
  }
  if (name == "trap") unreachable();
  return "unknown operation";
}

function run(root: u32, phase: string): void {
  if (!scripts.has(root)) return;
  const script = scripts.get(root);
  for (let i = 0; i < script.length; i++) {
    const words = script[i].split(" ");
    if (words.length < 2 || words[0] != phase) continue;
    say("probe " + script[i] + " -> " + perform(words));
  }
}

function runStream(id: u32, phase: string): u32 {
  action = 0;
  if (rootOf.has(id)) run(rootOf.get(id), phase);
  return action;
}

export function proxy_on_context_create(id: u32, rootId: u32): void {
  if (rootId != 0) rootOf.set(id, rootId);
}

export function proxy_on_configure(rootId: u32, bytes: u32): u32 {
  let text = "";
  store<u64>(OUT, 0);
  if (bytes > 0 && proxy_get_buffer_bytes(7, 0, bytes, OUT, OUT + 4) == 0) {
    text = String.UTF8.decodeUnsafe(load<u32>(OUT), load<u32>(OUT, 4));
  }
  scripts.set(rootId, text.split("\n"));
  run(rootId, "configure");
  return text.includes("refuse-configuration") ? 0 : 1;
}

export function proxy_on_tick(rootId: u32): void {
  run(rootId, "tick");
}

export function proxy_on_request_headers(id: u32, headers: u32, endOfStream: u32): u32 {
  caller = id;
  return runStream(id, "request");
}

export function proxy_on_request_body(id: u32, size: u32, endOfStream: u32): u32 {
  return runStream(id, "request-body");
}

export function proxy_on_response_headers(id: u32, headers: u32, endOfStream: u32): u32 {
  return runStream(id, "response");
}

export function proxy_on_response_body(id: u32, size: u32, endOfStream: u32): u32 {
  return runStream(id, "response-body");
}

export function proxy_on_response_trailers(id: u32, count: u32): u32 {
  return runStream(id, "response-trailers");
}

export function proxy_on_http_call_response(
  rootId: u32,
  token: u32,
  headers: u32,
  body: u32,
  trailers: u32,
): void {
  say(
    "probe answer " +
      headers.toString() +
      " headers " +
      body.toString() +
      " bytes " +
      trailers.toString(),
  );
  run(rootId, "answer");
}

export function proxy_on_log(id: u32): void {
  runStream(id, "log");
}

export function proxy_on_done(id: u32): u32 {
  runStream(id, "done");
  if (!rootOf.has(id)) run(id, "root-done");
  return 1;
}

export function proxy_on_delete(id: u32): void {
  runStream(id, "delete");
  rootOf.delete(id);
}
