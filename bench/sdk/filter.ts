// The yardstick of the host layer: one response header, on the SDK's own runtime.
export * from "@solo-io/proxy-runtime/assembly/proxy";
import {
  Context,
  FilterHeadersStatusValues,
  RootContext,
  registerRootContext,
  stream_context,
} from "@solo-io/proxy-runtime/assembly/index";

class AddHeader extends Context {
  constructor(id: u32, root: RootContext) {
    super(id, root);
  }

  onResponseHeaders(headers: u32, endOfStream: bool): FilterHeadersStatusValues {
    stream_context.headers.response.add("x-gatehouse", "1");
    return FilterHeadersStatusValues.Continue;
  }
}

class AddHeaderRoot extends RootContext {
  constructor(id: u32) {
    super(id);
  }

  createContext(id: u32): Context {
    return new AddHeader(id, this);
  }
}

registerRootContext((id: u32): RootContext => new AddHeaderRoot(id), "");
