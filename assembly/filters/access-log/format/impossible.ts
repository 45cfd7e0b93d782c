// Envoy's operators that no Wasm filter can know, with the reason: the configuration is refused and says so. The README
// has the whole list.

/** Operators by reason: names with a blank between; "*" at the end for all that begin so, at the start for all that end so. */
const NAMES: string[] = [
  "START_TIME_LOCAL EMIT_TIME_LOCAL",
  "*_DURATION",
  "HOSTNAME",
  "CEL TYPED_CEL",
  "LOCAL_REPLY_BODY CUSTOM_FLAGS BYTES_RETRANSMITTED PACKETS_RETRANSMITTED VIRTUAL_CLUSTER_NAME TLS_JA* UPSTREAM_* DOWNSTREAM_*",
];
const REASONS: string[] = [
  "it has no time zone; use the one without _LOCAL",
  "the host gives no time points within a request; use DURATION or COMMON_DURATION(US_TX_BEG:US_RX_END)",
  "the host does not give it; use ENVIRONMENT(HOSTNAME)",
  "it needs a host function that this filter does not import",
  "the host does not give it",
];

/** Why an operator of Envoy's cannot be had; empty when Envoy has no operator of this name either. */
export function whyImpossible(name: string): string {
  for (let i = 0; i < NAMES.length; i++) {
    const names = NAMES[i].split(" ");
    for (let k = 0; k < names.length; k++) {
      if (isMeant(name, names[k])) return REASONS[i];
    }
  }
  return "";
}

function isMeant(name: string, pattern: string): bool {
  if (pattern.startsWith("*")) return name.endsWith(pattern.substring(1));
  if (pattern.endsWith("*")) return name.startsWith(pattern.substring(0, pattern.length - 1));
  return name == pattern;
}
