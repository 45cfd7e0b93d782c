// Envoy's response flags: their bits (envoy/stream_info/stream_info.h, CoreResponseFlag) and the
// names of %RESPONSE_FLAGS% and %RESPONSE_FLAGS_LONG% (source/common/stream_info/utility.h).
import { Bytes, equal, text, toText } from "../bytes";


@final
export class ResponseFlag {
  /** The flag in the property `response.flags`. */
  readonly mask: i64;

  constructor(
    bit: i32,
    readonly shortName: Bytes,
    readonly longName: Bytes,
  ) {
    this.mask = (<i64>1) << bit;
  }
}

/** One row per flag. */
export const RESPONSE_FLAGS: ResponseFlag[] = [
  new ResponseFlag(0, text("LH"), text("FailedLocalHealthCheck")),
  new ResponseFlag(1, text("UH"), text("NoHealthyUpstream")),
  new ResponseFlag(2, text("UT"), text("UpstreamRequestTimeout")),
  new ResponseFlag(3, text("LR"), text("LocalReset")),
  new ResponseFlag(4, text("UR"), text("UpstreamRemoteReset")),
  new ResponseFlag(5, text("UF"), text("UpstreamConnectionFailure")),
  new ResponseFlag(6, text("UC"), text("UpstreamConnectionTermination")),
  new ResponseFlag(7, text("UO"), text("UpstreamOverflow")),
  new ResponseFlag(8, text("NR"), text("NoRouteFound")),
  new ResponseFlag(9, text("DI"), text("DelayInjected")),
  new ResponseFlag(10, text("FI"), text("FaultInjected")),
  new ResponseFlag(11, text("RL"), text("RateLimited")),
  new ResponseFlag(12, text("UAEX"), text("UnauthorizedExternalService")),
  new ResponseFlag(13, text("RLSE"), text("RateLimitServiceError")),
  new ResponseFlag(14, text("DC"), text("DownstreamConnectionTermination")),
  new ResponseFlag(15, text("URX"), text("UpstreamRetryLimitExceeded")),
  new ResponseFlag(16, text("SI"), text("StreamIdleTimeout")),
  new ResponseFlag(17, text("IH"), text("InvalidEnvoyRequestHeaders")),
  new ResponseFlag(18, text("DPE"), text("DownstreamProtocolError")),
  new ResponseFlag(19, text("UMSDR"), text("UpstreamMaxStreamDurationReached")),
  new ResponseFlag(20, text("RFCF"), text("ResponseFromCacheFilter")),
  new ResponseFlag(21, text("NFCF"), text("NoFilterConfigFound")),
  new ResponseFlag(22, text("DT"), text("DurationTimeout")),
  new ResponseFlag(23, text("UPE"), text("UpstreamProtocolError")),
  new ResponseFlag(24, text("NC"), text("NoClusterFound")),
  new ResponseFlag(25, text("OM"), text("OverloadManagerTerminated")),
  new ResponseFlag(26, text("DF"), text("DnsResolutionFailed")),
  new ResponseFlag(27, text("DO"), text("DropOverload")),
  new ResponseFlag(28, text("DR"), text("DownstreamRemoteReset")),
  new ResponseFlag(29, text("UDO"), text("UnconditionalDropOverload")),
];

/** The flag with this short name, as a mask; 0 when there is none. */
export function flagMask(shortName: Bytes): i64 {
  for (let i = 0; i < RESPONSE_FLAGS.length; i++) {
    if (equal(RESPONSE_FLAGS[i].shortName, shortName)) return RESPONSE_FLAGS[i].mask;
  }
  return 0;
}

/** All short names with ", " between, for errors. */
export function shortFlagNames(): string {
  return RESPONSE_FLAGS.map<string>((flag) => toText(flag.shortName)).join(", ");
}
