// The callbacks of Proxy-Wasm ABI 0.2.1. A filter's entry registers its Root factory and
// re-exports the callbacks it uses: the host calls only what is exported, and each one it calls
// is paid on every request.
import "./abort";
import { owned } from "../lib/bytes";
import { isDue, reset, spent } from "../lib/garbage";
import { enter, leave } from "./arena";
import { BufferType, bufferBytes } from "./buffer";
import { HeaderAction, Root, Stream } from "./context";
import { forgetRequest } from "./shared-request";
import { StreamTable } from "./stream-table";

export { proxy_on_memory_allocate } from "./arena";

/** Roughly what a pooled stream object weighs, for the garbage account. */
const STREAM_BYTES = 128;

let factory: (() => Root) | null = null;
/** The root that came last; each names the one before it. */
let youngest: Root | null = null;
const streams = new StreamTable();

/** What becomes of a request whose root context is not known; null: it goes on. */
let refuseUnknown: (() => void) | null = null;

/**
 * Says how a filter makes its root context. Any root_id, also the empty one, gets one: a module
 * is its one filter.
 */
export function register(create: () => Root): void {
  factory = create;
}

/**
 * For filters that decide who may pass: `refuse` answers a request without a known root context.
 */
export function failClosed(refuse: () => void): void {
  refuseUnknown = refuse;
}

/** The root context `id`; null when it has gone. */
export function rootOf(id: u32): Root | null {
  let root = youngest;
  while (root !== null && root.id != id) root = root.older;
  return root;
}

/** An open stream, for answers that come on the root context; null when it has gone. */
export function streamOf(id: u32): Stream | null {
  return streams.get(id);
}

/** Ends a callback. Collecting is safe here alone: no frame above holds a reference. */
function finish(): void {
  if (!leave()) return;
  forgetRequest();
  if (isDue()) {
    __collect();
    reset();
  }
}

/** Tells the host which ABI this is. Never called. */
export function proxy_abi_version_0_2_1(): void {}

/** Nothing to do at start, but some hosts call it without asking whether it is there. */
export function proxy_on_vm_start(rootId: u32, bytes: u32): bool {
  return true;
}

export function proxy_on_context_create(id: u32, rootId: u32): void {
  enter();
  if (rootId == 0) createRoot(id);
  else openStream(id, rootId);
  finish();
}

function createRoot(id: u32): void {
  const create = factory;
  if (create === null || rootOf(id) !== null) return;
  const root = create();
  root.id = id;
  root.older = youngest;
  youngest = root;
}

/** A stream of an unknown root gets no object; see `failClosed` for its request. */
function openStream(id: u32, rootId: u32): void {
  const root = rootOf(rootId);
  if (root === null || id == 0) return;
  let stream = root.idle;
  if (stream !== null) {
    root.idle = stream.nextIdle;
  } else {
    stream = root.createStream();
    stream.root = root;
    spent(STREAM_BYTES);
  }
  stream.id = id;
  stream.open();
  streams.set(id, stream);
}

/** Takes the configuration; false makes the proxy refuse it and keep the one before. */
export function proxy_on_configure(rootId: u32, bytes: i32): bool {
  enter();
  const root = rootOf(rootId);
  const accepted = root !== null && root.configure(configuration(bytes));
  finish();
  return accepted;
}

/** An empty configuration is never asked for: there is no buffer to read. */
function configuration(bytes: i32): StaticArray<u8> {
  spent(bytes);
  return bytes > 0
    ? owned(bufferBytes(BufferType.PluginConfiguration, bytes))
    : new StaticArray<u8>(0);
}

export function proxy_on_request_headers(id: u32, headers: u32, endOfStream: u32): HeaderAction {
  enter();
  const stream = streams.get(id);
  const action = stream === null ? onUnknown() : stream.onRequestHeaders(endOfStream != 0);
  finish();
  return action;
}

function onUnknown(): HeaderAction {
  const refuse = refuseUnknown;
  if (refuse === null) return HeaderAction.Continue;
  refuse();
  return HeaderAction.Stop;
}

export function proxy_on_response_headers(id: u32, headers: u32, endOfStream: u32): HeaderAction {
  enter();
  const stream = streams.get(id);
  const action =
    stream === null ? HeaderAction.Continue : stream.onResponseHeaders(endOfStream != 0);
  finish();
  return action;
}

/** A body is never held back: what this gives back is the ABI's FilterDataStatus.Continue. */
export function proxy_on_request_body(id: u32, bytes: u32, endOfStream: u32): i32 {
  enter();
  const stream = streams.get(id);
  if (stream !== null) stream.onRequestBody(endOfStream != 0);
  finish();
  return 0;
}

/**
 * Trailers are never held back: what this gives back is the ABI's FilterTrailersStatus.Continue.
 */
export function proxy_on_response_trailers(id: u32, trailers: u32): i32 {
  enter();
  const stream = streams.get(id);
  if (stream !== null) stream.onResponseTrailers();
  finish();
  return 0;
}

/** Access loggers get the root context's id here: it is no stream, so nothing is logged for it. */
export function proxy_on_log(id: u32): void {
  enter();
  const stream = streams.get(id);
  if (stream !== null) stream.onLog();
  finish();
}

export function proxy_on_delete(id: u32): void {
  enter();
  const stream = streams.remove(id);
  if (stream !== null) {
    stream.close();
    recycle(stream);
  } else {
    deleteRoot(id);
  }
  finish();
}

function recycle(stream: Stream): void {
  const root = stream.root;
  if (root === null) return;
  stream.nextIdle = root.idle;
  root.idle = stream;
}

/** A root goes after all its streams have gone. */
function deleteRoot(id: u32): void {
  const root = rootOf(id);
  if (root === null) return;
  if (root === youngest) youngest = root.older;
  let younger = youngest;
  while (younger !== null && younger.older !== root) younger = younger.older;
  if (younger !== null) younger.older = root.older;
  root.close(youngest);
  spent(i32.MAX_VALUE >> 1);
}

export function proxy_on_tick(rootId: u32): void {
  enter();
  const root = rootOf(rootId);
  if (root !== null) root.onTick();
  finish();
}

export function proxy_on_http_call_response(
  rootId: u32,
  token: u32,
  headers: i32,
  bodyBytes: i32,
  trailers: i32,
): void {
  enter();
  const root = rootOf(rootId);
  if (root !== null) root.onCallAnswer(token, headers, bodyBytes, trailers);
  finish();
}
