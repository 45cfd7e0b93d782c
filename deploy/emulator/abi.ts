// The numbers of Proxy-Wasm ABI 0.2.1 and the errors of the emulator. Values: proxy-wasm spec
// v0.2.1, as Envoy has them.

export const Status = {
  Ok: 0,
  NotFound: 1,
  BadArgument: 2,
  SerializationFailure: 3,
  InvalidMemoryAccess: 6,
  Empty: 7,
  CasMismatch: 8,
  InternalFailure: 10,
  Unimplemented: 12,
} as const;

export const MapType = {
  RequestHeaders: 0,
  RequestTrailers: 1,
  ResponseHeaders: 2,
  ResponseTrailers: 3,
  GrpcReceiveInitialMetadata: 4,
  GrpcReceiveTrailingMetadata: 5,
  HttpCallResponseHeaders: 6,
  HttpCallResponseTrailers: 7,
} as const;

export const BufferType = {
  HttpRequestBody: 0,
  HttpResponseBody: 1,
  HttpCallResponseBody: 4,
  VmConfiguration: 6,
  PluginConfiguration: 7,
} as const;

export const StreamType = { Request: 0, Response: 1 } as const;

/** What a headers callback returns; everything but Continue holds the stream. */
export const CONTINUE = 0;

export const logLevels = ["trace", "debug", "info", "warn", "error", "critical"] as const;
export type LogLevel = (typeof logLevels)[number];

/** A module that no host would load, a configuration it refuses, or a case that cannot be read. */
export class EmulatorError extends Error {
  readonly code: "MISSING_IMPORT" | "BAD_MODULE" | "CONFIG_REFUSED" | "BAD_CASE";

  constructor(code: EmulatorError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** The module trapped; its virtual machine is dead. */
export class Trap extends Error {}
