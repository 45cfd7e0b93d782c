// Envoy's response flags by their bits (envoy/stream_info/stream_info.h, CoreResponseFlag), with
// the names of %RESPONSE_FLAGS% and %RESPONSE_FLAGS_LONG% (source/common/stream_info/utility.h).
import { Bytes, NONE, text, unpacked } from "../../../lib/bytes";
import { answer } from "./operator";
import { wordAt } from "../words";

const COMMA: u8 = 0x2c;
const NO_FLAG = text("-");

export const SHORT_FLAGS = unpacked(
  "LH UH UT LR UR UF UC UO NR DI FI RL UAEX RLSE DC URX SI IH DPE UMSDR RFCF NFCF DT UPE NC OM DF DO DR UDO",
);
const LONG_FLAGS = unpacked(
  "FailedLocalHealthCheck NoHealthyUpstream UpstreamRequestTimeout LocalReset UpstreamRemoteReset UpstreamConnectionFailure UpstreamConnectionTermination UpstreamOverflow NoRouteFound DelayInjected FaultInjected RateLimited UnauthorizedExternalService RateLimitServiceError DownstreamConnectionTermination UpstreamRetryLimitExceeded StreamIdleTimeout InvalidEnvoyRequestHeaders DownstreamProtocolError UpstreamMaxStreamDurationReached ResponseFromCacheFilter NoFilterConfigFound DurationTimeout UpstreamProtocolError NoClusterFound OverloadManagerTerminated DnsResolutionFailed DropOverload DownstreamRemoteReset UnconditionalDropOverload",
);

/**
 * The names of the flags with "," between; "-" for none. Valid until the next operator is asked.
 */
export function flagNames(flags: i64, long: bool): Bytes {
  answer.reset();
  for (let bits = flags; bits != 0; bits &= bits - 1) {
    const name = wordAt(long ? LONG_FLAGS : SHORT_FLAGS, <i32>ctz(bits));
    if (name == NONE) break;
    if (answer.length > 0) answer.byte(COMMA);
    answer.bytes(name);
  }
  return answer.length == 0 ? NO_FLAG : answer.view();
}
