// Envoy's response flags by their bits (envoy/stream_info/stream_info.h, CoreResponseFlag), with the names of
// %RESPONSE_FLAGS% and %RESPONSE_FLAGS_LONG% (source/common/stream_info/utility.h).
import { Bytes, text } from "../../../lib/bytes";
import { Writer } from "../../../lib/writer";

const COMMA: u8 = 0x2c;
const NO_FLAG = text("-");

export const SHORT_FLAGS: string[] =
  "LH UH UT LR UR UF UC UO NR DI FI RL UAEX RLSE DC URX SI IH DPE UMSDR RFCF NFCF DT UPE NC OM DF DO DR UDO".split(" ");
const LONG_FLAGS: string[] =
  "FailedLocalHealthCheck NoHealthyUpstream UpstreamRequestTimeout LocalReset UpstreamRemoteReset UpstreamConnectionFailure UpstreamConnectionTermination UpstreamOverflow NoRouteFound DelayInjected FaultInjected RateLimited UnauthorizedExternalService RateLimitServiceError DownstreamConnectionTermination UpstreamRetryLimitExceeded StreamIdleTimeout InvalidEnvoyRequestHeaders DownstreamProtocolError UpstreamMaxStreamDurationReached ResponseFromCacheFilter NoFilterConfigFound DurationTimeout UpstreamProtocolError NoClusterFound OverloadManagerTerminated DnsResolutionFailed DropOverload DownstreamRemoteReset UnconditionalDropOverload".split(
    " ",
  );
const SHORT: Bytes[] = SHORT_FLAGS.map<Bytes>((name) => text(name));
const LONG: Bytes[] = LONG_FLAGS.map<Bytes>((name) => text(name));

const out = new Writer(4096);

/** The names of the flags with "," between; "-" for none. Valid until the next call. */
export function flagNames(flags: i64, long: bool): Bytes {
  const names = long ? LONG : SHORT;
  out.reset();
  for (let bit = 0; bit < names.length; bit++) {
    if (((flags >> bit) & 1) == 0) continue;
    if (out.length > 0) out.byte(COMMA);
    out.bytes(unchecked(names[bit]));
  }
  return out.length == 0 ? NO_FLAG : out.view();
}
