// Connection pools, of a DestinationRule and of a Sidecar.
import type { Field } from "./field.ts";
import { checkAnyDuration, checkDuration, checkNotNegative } from "./values.ts";
import { durationNanos } from "../go/duration.ts";

export function checkConnectionPool(pool: Field): void {
  if (!pool.isSet) return;
  const http = pool.at("http");
  const tcp = pool.at("tcp");
  if (!http.isSet && !tcp.isSet) pool.refuse("nothing is set", "set http or tcp");
  checkNotNegative(
    http.at("http1MaxPendingRequests"),
    http.at("http2MaxRequests"),
    http.at("maxRequestsPerConnection"),
    http.at("maxRetries"),
    http.at("maxConcurrentStreams"),
    tcp.at("maxConnections"),
  );
  checkDuration(http.at("idleTimeout"));
  if (http.at("h2UpgradePolicy").text === "UPGRADE" && http.at("useClientProtocol").isTrue)
    http.at("useClientProtocol").refuse("h2UpgradePolicy is UPGRADE", "remove one of them");
  const ping = http.at("http2KeepAlive");
  for (const name of ping.isSet ? ["interval", "timeout"] : []) {
    if (ping.has(name)) checkDuration(ping.at(name));
    else ping.refuse(`${name} is missing`, `set ${name}`);
  }
  checkTcp(tcp);
}

function checkTcp(tcp: Field): void {
  const keepalive = tcp.at("tcpKeepalive");
  for (const field of [tcp.at("connectTimeout"), tcp.at("maxConnectionDuration")])
    checkDuration(field);
  for (const field of [keepalive.at("time"), keepalive.at("interval")]) checkDuration(field);
  // Less than a millisecond means that there is no timeout.
  const idle = tcp.at("idleTimeout");
  const nanos = durationNanos(idle.text);
  const isNone = nanos !== undefined && nanos > -1_000_000n && nanos < 1_000_000n;
  if (idle.isSet && isNone) checkAnyDuration(idle);
  else checkDuration(idle);
}
