// ProxyConfig.
import type { Field } from "./field.ts";
import { checkSelector } from "./selector.ts";
import { checkNotNegative } from "./values.ts";

export function checkProxyConfig(spec: Field): void {
  checkSelector(spec);
  checkNotNegative(spec.at("concurrency"));
}
