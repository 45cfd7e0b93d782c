// The host functions of Proxy-Wasm ABI 0.2.1 as Envoy answers them: unpack the arguments, ask the
// context, pack the answer. Queues and Envoy's own gRPC calls are left out: the filters use
// neither.
import { MapType, Status, StreamType, logLevels } from "./abi.ts";
import { type HeaderMap, marshalPairs, unmarshalPairs } from "./headers.ts";
import type { Machine } from "./machine.ts";

type HostFunction = (...parameters: never[]) => number;
type Imports = Record<string, HostFunction>;

const { Ok, NotFound, BadArgument, InvalidMemoryAccess } = Status;
/** The largest gRPC status there is; anything else means none was given. */
const GRPC_STATUS_MAX = 16;
const okIf = (written: boolean): number => (written ? Ok : InvalidMemoryAccess);

export function environment(vm: Machine): Imports {
  return {
    ...general(vm),
    ...headerMaps(vm),
    ...buffers(vm),
    ...streams(vm),
    ...state(vm),
    ...calls(vm),
  };
}

function general(vm: Machine): Imports {
  return {
    proxy_log: (level: number, pointer: number, length: number) => {
      const message = vm.read(pointer, length)?.toString("utf8");
      if (message === undefined) return InvalidMemoryAccess;
      const name = logLevels[level];
      if (!name) return BadArgument;
      vm.proxy.write(vm.active, name, message);
      return Ok;
    },
    proxy_get_log_level: (at: number) =>
      okIf(vm.writeU32(at, logLevels.indexOf(vm.proxy.logLevel))),
    proxy_get_current_time_nanoseconds: (at: number) =>
      okIf(vm.writeU64(at, vm.proxy.clock.unixNanos)),
    proxy_set_tick_period_milliseconds: (millis: number) =>
      vm.active.root.setTickPeriod(millis >>> 0),
    proxy_set_effective_context: (id: number) => (vm.useContext(id >>> 0) ? Ok : BadArgument),
    proxy_done: () => vm.active.root.done(),
    proxy_get_status: (codeAt: number, pointerAt: number, lengthAt: number) =>
      okIf(vm.writeU32(codeAt, 0) && vm.give(Buffer.alloc(0), pointerAt, lengthAt)),
  };
}

function headerMaps(vm: Machine): Imports {
  const known = (type: number) => type >= 0 && type <= MapType.HttpCallResponseTrailers;
  /** Changing requires a map that can be written in this phase. */
  const change = (
    type: number,
    key: [number, number],
    value: [number, number],
    apply: Applied,
  ): number => {
    if (!known(type)) return BadArgument;
    const name = vm.copy(...key);
    const bytes = vm.copy(...value);
    if (!name || !bytes) return InvalidMemoryAccess;
    const map = vm.active.writableMap(type);
    if (!map) return BadArgument;
    apply(map, name.toString("latin1"), bytes);
    vm.active.headersChanged(type);
    return Ok;
  };
  return {
    proxy_get_header_map_value: (
      type: number,
      key: number,
      keyLength: number,
      pointerAt: number,
      lengthAt: number,
    ) => {
      if (!known(type)) return BadArgument;
      const name = vm.read(key, keyLength);
      if (!name) return InvalidMemoryAccess;
      const map = vm.active.readableMap(type);
      if (!map) return vm.active.isLogging ? NotFound : BadArgument;
      const value = map.bytes(name.toString("latin1"));
      return value ? okIf(vm.give(value, pointerAt, lengthAt)) : NotFound;
    },
    proxy_add_header_map_value: (
      type: number,
      key: number,
      keyLength: number,
      value: number,
      valueLength: number,
    ) =>
      change(type, [key, keyLength], [value, valueLength], (map, name, bytes) =>
        map.add(name, bytes),
      ),
    proxy_replace_header_map_value: (
      type: number,
      key: number,
      keyLength: number,
      value: number,
      length: number,
    ) =>
      change(type, [key, keyLength], [value, length], (map, name, bytes) => map.set(name, bytes)),
    proxy_remove_header_map_value: (type: number, key: number, keyLength: number) =>
      change(type, [key, keyLength], [0, 0], (map, name) => map.remove(name)),
    proxy_get_header_map_pairs: (type: number, pointerAt: number, lengthAt: number) => {
      if (!known(type)) return BadArgument;
      const pairs = vm.active.readableMap(type)?.pairs() ?? [];
      return okIf(
        vm.give(pairs.length === 0 ? Buffer.alloc(0) : marshalPairs(pairs), pointerAt, lengthAt),
      );
    },
    proxy_set_header_map_pairs: (type: number, pointer: number, length: number) => {
      if (!known(type)) return BadArgument;
      const data = vm.copy(pointer, length);
      if (!data) return InvalidMemoryAccess;
      const map = vm.active.writableMap(type);
      if (!map) return BadArgument;
      for (const [name] of map.clone().pairs()) map.remove(name);
      for (const [name, value] of unmarshalPairs(data)) map.add(name, value);
      vm.active.headersChanged(type);
      return Ok;
    },
    proxy_get_header_map_size: (type: number, at: number) => {
      const map = known(type) ? vm.active.writableMap(type) : undefined;
      return map ? okIf(vm.writeU32(at, map.byteSize)) : BadArgument;
    },
  };
}

type Applied = (map: HeaderMap, name: string, value: Buffer) => void;

function buffers(vm: Machine): Imports {
  return {
    proxy_get_buffer_bytes: (
      type: number,
      start: number,
      length: number,
      pointerAt: number,
      lengthAt: number,
    ) => {
      const data = vm.active.buffer(type);
      if (!data) return NotFound;
      const [from, size] = [start >>> 0, length >>> 0];
      if (from + size > 0xffffffff) return BadArgument;
      return okIf(vm.give(data.subarray(from, from + size), pointerAt, lengthAt));
    },
    proxy_get_buffer_status: (type: number, lengthAt: number, flagsAt: number) => {
      const data = vm.active.buffer(type);
      return data ? okIf(vm.writeU32(lengthAt, data.length) && vm.writeU32(flagsAt, 0)) : NotFound;
    },
    proxy_set_buffer_bytes: (
      type: number,
      start: number,
      length: number,
      pointer: number,
      size: number,
    ) => {
      const data = vm.copy(pointer, size);
      return data
        ? vm.active.replaceBuffer(type, start >>> 0, length >>> 0, data)
        : InvalidMemoryAccess;
    },
  };
}

function streams(vm: Machine): Imports {
  return {
    proxy_continue_stream: (type: number) => vm.active.continueStream(type),
    proxy_close_stream: (type: number) => vm.active.closeStream(type),
    proxy_continue_request: () => vm.active.continueStream(StreamType.Request),
    proxy_continue_response: () => vm.active.continueStream(StreamType.Response),
    proxy_send_local_response: (
      code: number,
      details: number,
      detailsLength: number,
      body: number,
      bodyLength: number,
      headers: number,
      headersLength: number,
      grpcStatus: number,
    ) => {
      const texts = [
        vm.copy(details, detailsLength),
        vm.copy(body, bodyLength),
        vm.copy(headers, headersLength),
      ];
      const [detailBytes, bodyBytes, pairs] = texts;
      if (!detailBytes || !bodyBytes || !pairs) return InvalidMemoryAccess;
      return vm.active.sendLocalReply({
        status: code >>> 0,
        details: detailBytes.toString("latin1"),
        body: bodyBytes,
        headers: unmarshalPairs(pairs),
        grpcStatus: grpcStatus >= 0 && grpcStatus <= GRPC_STATUS_MAX ? grpcStatus : undefined,
      });
    },
  };
}

function state(vm: Machine): Imports {
  return {
    proxy_get_property: (path: number, pathLength: number, pointerAt: number, lengthAt: number) => {
      const parts = vm.read(path, pathLength)?.toString("latin1");
      if (parts === undefined) return InvalidMemoryAccess;
      const value = vm.active.property(parts);
      return typeof value === "number" ? value : okIf(vm.give(value, pointerAt, lengthAt));
    },
    proxy_set_property: (path: number, pathLength: number, value: number, valueLength: number) => {
      const [key, data] = [vm.copy(path, pathLength), vm.copy(value, valueLength)];
      return key && data
        ? vm.active.setProperty(key.toString("latin1"), data)
        : InvalidMemoryAccess;
    },
    proxy_get_shared_data: (
      key: number,
      keyLength: number,
      pointerAt: number,
      lengthAt: number,
      versionAt: number,
    ) => {
      const name = vm.copy(key, keyLength);
      if (!name) return InvalidMemoryAccess;
      const found = vm.proxy.shared.get(name);
      if (!found) return NotFound;
      return okIf(
        vm.give(found.value, pointerAt, lengthAt) && vm.writeU32(versionAt, found.version),
      );
    },
    proxy_set_shared_data: (
      key: number,
      keyLength: number,
      value: number,
      valueLength: number,
      version: number,
    ) => {
      const [name, data] = [vm.copy(key, keyLength), vm.copy(value, valueLength)];
      return name && data ? vm.proxy.setShared(name, data, version >>> 0) : InvalidMemoryAccess;
    },
    proxy_define_metric: (type: number, name: number, nameLength: number, idAt: number) => {
      const text = vm.read(name, nameLength)?.toString("utf8");
      if (text === undefined) return InvalidMemoryAccess;
      const id = vm.proxy.metrics.define(type >>> 0, text);
      return id === undefined ? BadArgument : okIf(vm.writeU32(idAt, id));
    },
    proxy_increment_metric: (id: number, offset: bigint) =>
      vm.proxy.metrics.increment(id >>> 0, offset),
    proxy_record_metric: (id: number, value: bigint) =>
      vm.proxy.metrics.record(id >>> 0, BigInt.asUintN(64, value)),
    proxy_get_metric: (id: number, at: number) => {
      const value = vm.proxy.metrics.read(id >>> 0);
      return typeof value === "number" ? value : okIf(vm.writeU64(at, value));
    },
  };
}

function calls(vm: Machine): Imports {
  return {
    proxy_http_call: (
      cluster: number,
      clusterLength: number,
      headers: number,
      headersLength: number,
      body: number,
      bodyLength: number,
      trailers: number,
      trailersLength: number,
      timeoutMillis: number,
      tokenAt: number,
    ) => {
      const parts = [
        vm.copy(cluster, clusterLength),
        vm.copy(headers, headersLength),
        vm.copy(body, bodyLength),
        vm.copy(trailers, trailersLength),
      ];
      const [name, pairs, content, trailing] = parts;
      if (!name || !pairs || !content || !trailing) return InvalidMemoryAccess;
      if (timeoutMillis < 0) return BadArgument;
      const root = vm.active.root;
      const call = root.openCall(
        name.toString("utf8"),
        unmarshalPairs(pairs),
        content,
        timeoutMillis,
      );
      if (typeof call === "number") return call;
      return okIf(vm.writeU32(tokenAt, call.token));
    },
    proxy_call_foreign_function: (
      name: number,
      nameLength: number,
      argument: number,
      argumentLength: number,
      pointerAt: number,
      lengthAt: number,
    ) => {
      const [text, data] = [vm.copy(name, nameLength), vm.copy(argument, argumentLength)];
      if (!text || !data) return InvalidMemoryAccess;
      const called = vm.active.callForeign(text.toString("latin1"), data);
      if (called.status === NotFound) return NotFound;
      const result = called.result ?? Buffer.alloc(0);
      return vm.give(result, pointerAt, lengthAt) ? called.status : InvalidMemoryAccess;
    },
  };
}
