// What the proxies made of their plugins, as istiod remembers it: the last refusal of each, from
// its debug interface (`/debug/syncz` on port 15014; istio/pilot/pkg/xds/debug.go). Istio before
// 1.31 does not tell the reason, and nothing is found.
import { ToolError, reasonOf } from "../core/problem.ts";
import { at, listOf } from "../core/value.ts";

const extensionType = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";

/** A proxy that keeps its old plugins, since it cannot use new ones. */
export interface ProxyRefusal {
  /** `pod.namespace` */
  proxy: string;
  /** Envoy's words. */
  message: string;
}

/**
 * Asks every istiod, since each knows its own proxies only. Throws `cluster` when one cannot be
 * asked.
 */
export async function proxyRefusals(
  istiods: string[],
  timeoutMillis: number,
): Promise<ProxyRefusal[]> {
  const answers = await Promise.all(istiods.map((url) => syncz(url, timeoutMillis)));
  return answers.flat().flatMap((answer) => {
    const message = at(answer, "resources", extensionType, "lastError");
    const proxy = String(at(answer, "proxy"));
    return message ? [{ proxy, message: String(message).trim() }] : [];
  });
}

async function syncz(istiod: string, timeoutMillis: number): Promise<unknown[]> {
  try {
    const response = await fetch(new URL("/debug/syncz", istiod), {
      signal: AbortSignal.timeout(timeoutMillis),
    });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return listOf(await response.json());
  } catch (error) {
    const right =
      "kubectl port-forward -n istio-system deploy/istiod 15014 makes it http://127.0.0.1:15014";
    throw new ToolError(
      "cluster",
      `istiod at ${istiod} cannot be asked: ${reasonOf(error)}; ${right}`,
      {
        cause: error,
      },
    );
  }
}

/**
 * True if a proxy's words name the plugin `title` (`WasmPlugin istio-system/edge-canary`), as
 * Envoy knows it.
 */
export function isAbout({ message }: ProxyRefusal, title: string): boolean {
  const [kind = "", place = ""] = title.split(" ");
  if (kind !== "WasmPlugin" && kind !== "TrafficExtension") return false;
  // `istio-system.edge-canary`, and after a translated WasmPlugin `~istio-translated-wasmplugin`.
  const name = place.replace("/", ".").replaceAll(".", "\\.");
  return new RegExp(`(^|[\\s/])${name}(?![\\w.-])`).test(message);
}
