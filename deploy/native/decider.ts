// Puts the models' stages in the order of Istio's filter chain and runs a request through them.
import type { Manifest } from "../core/source.ts";
import { HeaderMap } from "../emulator/headers.ts";
import { defaultMesh } from "./types.ts";
import type {
  Decider,
  Decision,
  Exchange,
  Header,
  Mesh,
  NativeModel,
  NativeRequest,
} from "./types.ts";

/** The native proxy, as far as `models` describe it. */
export function nativeDecider(
  models: readonly NativeModel[],
  resources: readonly Manifest[],
  mesh: Mesh = defaultMesh,
): Decider {
  const ordered = [...models].sort((a, b) => a.order - b.order);
  const stages = ordered.map((model) => model.compile(resources, mesh));
  return {
    decide(request) {
      const exchange = exchangeOf(request);
      for (const stage of stages) {
        const refusal = stage(exchange);
        if (refusal) return { refusal, effects: exchange.effects };
      }
      return decisionOf(exchange);
    },
  };
}

export function exchangeOf(request: NativeRequest): Exchange {
  return {
    request,
    headers: asHeld(request.headers),
    path: request.path,
    metadata: new Map(),
    effects: {},
  };
}

/** The headers as the proxy holds them: of some it keeps one, with the values joined. */
function asHeld(headers: readonly Header[]): Header[] {
  const pairs = headers.map(([name, value]): [string, string] => [name, value]);
  return new HeaderMap(pairs).pairs().map(([name, value]): Header => [name, value.toString()]);
}

function decisionOf({ headers, path, request, destinations, effects }: Exchange): Decision {
  const rewritten = path === request.path ? effects : { ...effects, path };
  return { headers, destinations, effects: rewritten };
}
