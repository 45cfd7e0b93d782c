// The host layer alone: one response header on our own runtime, against bench/sdk/filter.ts.
import { text } from "../../assembly/lib/bytes";
import { HeaderAction, Root, Stream } from "../../assembly/host/context";
import { MapType, addHeader } from "../../assembly/host/header-map";
import { register } from "../../assembly/host/runtime";

export {
  proxy_abi_version_0_2_1,
  proxy_on_configure,
  proxy_on_context_create,
  proxy_on_delete,
  proxy_on_memory_allocate,
  proxy_on_response_headers,
} from "../../assembly/host/runtime";

const NAME = text("x-gatehouse");
const VALUE = text("1");


@final
class AddHeader extends Stream {
  onResponseHeaders(endOfStream: bool): HeaderAction {
    addHeader(MapType.ResponseHeaders, NAME, VALUE);
    return HeaderAction.Continue;
  }
}


@final
class AddHeaderRoot extends Root {
  configure(configuration: StaticArray<u8>): bool {
    return true;
  }
  createStream(): Stream {
    return new AddHeader();
  }
}

register((): Root => new AddHeaderRoot());
