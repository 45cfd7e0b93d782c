// The rate-limit plugin: takes configurations, makes streams, and hands the rate limit service's
// responses to the requests that wait for them.
import { Root, Stream } from "../../host/context";
import { LogLevel, log } from "../../host/log";
import { register } from "../../host/runtime";
import { Status } from "../../host/status";
import { useContext } from "../../host/stream-control";
import { ConfigErrors } from "../../lib/config/reader";
import { ActiveLimits } from "./active-limits";
import { Config } from "./config";
import { NO_STREAM, ServiceClient } from "./service/client";
import { LimitsRoot, RateLimitStream } from "./stream";

export {
  proxy_abi_version_0_2_1,
  proxy_on_configure,
  proxy_on_context_create,
  proxy_on_delete,
  proxy_on_http_call_response,
  proxy_on_memory_allocate,
  proxy_on_request_headers,
  proxy_on_response_headers,
  proxy_on_vm_start,
} from "../../host/runtime";


@final
export class RateLimitRoot extends LimitsRoot {
  /** Kept over updates: requests of the configuration before may still wait. */
  private service: ServiceClient | null = null;

  configure(configuration: StaticArray<u8>): bool {
    const errors = new ConfigErrors();
    const config = Config.read(configuration, errors);
    if (errors.any) {
      log(LogLevel.Error, "rate-limit: configuration refused: " + errors.first);
      return false;
    }
    if (config.global !== null && this.service === null) this.service = new ServiceClient();
    this.limits = new ActiveLimits(config, this.service);
    return true;
  }

  createStream(): Stream {
    return new RateLimitStream();
  }

  onCallAnswer(token: u32, headers: i32, bodyBytes: i32, trailers: i32): void {
    const service = this.service;
    if (service === null) return;
    const stream = service.take(token);
    if (stream === null) return;
    const response = service.readResponse(bodyBytes);
    if (stream === NO_STREAM || useContext(stream.id) != Status.Ok) return;
    changetype<RateLimitStream>(stream).onServiceResponse(response);
  }
}

register((): Root => new RateLimitRoot());
