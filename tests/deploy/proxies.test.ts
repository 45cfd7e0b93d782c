// What proxies have refused, as istiod tells it; answers are those of a real istiod 1.31.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { isAbout, proxyRefusals } from "../../deploy/kube/proxies.ts";

const extensionType = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";
const words =
  "Unable to create Wasm plugin istio-system.edge-jwt-auth~istio-translated-wasmplugin\n";

/** An istiod that answers every question with `body`; gives its address. */
async function istiod(body: unknown, status = 200): Promise<{ url: string; stop(): void }> {
  const server = createServer((_incoming, response) => {
    response.statusCode = status;
    response.end(JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = () => (server.closeAllConnections(), server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}

test("a proxy's refusal is told with its words, and proxies that took everything are not", async () => {
  const fine = {
    proxy: "gateway-1.istio-system",
    resources: { [extensionType]: { sent: "1", acked: "1" } },
  };
  const refusing = {
    proxy: "gateway-2.istio-system",
    resources: { [extensionType]: { sent: "2", lastError: words } },
  };
  const first = await istiod([fine, { proxy: "old.istio-system" }]);
  const second = await istiod([refusing]);
  try {
    assert.deepEqual(await proxyRefusals([first.url, second.url], 5_000), [
      { proxy: "gateway-2.istio-system", message: words.trim() },
    ]);
  } finally {
    first.stop();
    second.stop();
  }
});

test("an istiod that cannot be asked is an error that says how to reach one", async () => {
  const { url, stop } = await istiod({}, 401);
  try {
    await assert.rejects(proxyRefusals([url], 5_000), /answered 401.*port-forward/);
  } finally {
    stop();
  }
});

test("words are about the plugin that they name, and about no other", () => {
  const refusal = { proxy: "p", message: words };
  assert.ok(isAbout(refusal, "WasmPlugin istio-system/edge-jwt-auth"));
  assert.ok(!isAbout(refusal, "WasmPlugin istio-system/edge-jwt"));
  assert.ok(!isAbout(refusal, "WasmPlugin system/edge-jwt-auth"));
  assert.ok(!isAbout(refusal, "VirtualService istio-system/edge-jwt-auth"));
});
