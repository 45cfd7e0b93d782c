// The commands of the README's Istio section, run as they stand there, in their order.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { until } from "./children.ts";
import { gatehouse, policyFile } from "./gatehouse.ts";
import { removePolicies } from "./policies.ts";
import { ports } from "./stack.ts";
import { send } from "./workloads.ts";
import { gatewayUrl, kustomize, root, world } from "./world.ts";

const { stack, gateway, issuer } = await world();

const settings = "deploy/istio/gatehouse/gateway/policy.yaml";
/** The address to which the section forwards istiod's port. */
const istiod = "http://127.0.0.1:15014";

const section = readFileSync(join(root, "README.md"), "utf8")
  .split(/^## /m)
  .find((text) => text.startsWith("On Istio"));
assert.ok(section, "README.md has a section On Istio");
const commands = [...section.matchAll(/^```sh cluster\n([\s\S]*?)^```$/gm)]
  .flatMap(([, block]) => block!.split("\n"))
  .map((line) => line.replace(/\s+#.*$/, "").trim())
  .filter((line) => line !== "");

describe("README.md, On Istio", () => {
  const file = policyFile(stack, "gateway/policy.yaml");
  const ask = (headers: Record<string, string> = {}) =>
    send(`${gatewayUrl}/api/info`, { headers: { host: "products.example.com", ...headers } });

  after(async () => {
    await stack.cluster.delete("Telemetry", "gateway-access-log", "istio-system");
    await removePolicies(stack, gateway);
  });

  for (const command of commands) test(command, () => run(command));

  test("and then requests meet the plugins", async () => {
    await until("401 without a token", async () => (await ask()).status === 401);
    assert.equal((await ask({ authorization: `Bearer ${issuer.token()}` })).status, 200);
  });

  async function run(command: string): Promise<void> {
    const [program, ...args] = command.split(" ");
    if (program === "npx") {
      const words = args.slice(1).map((word) => (word === settings ? file : word));
      if (words.includes("--to"))
        words[words.indexOf("--to") + 1] = `${stack.registryHost}/gatehouse`;
      await gatehouse(stack, words);
    } else if (command.startsWith("kubectl apply -k deploy/istio/")) {
      await stack.cluster.apply(
        kustomize(stack, command.slice("kubectl apply -k deploy/istio/".length)),
      );
    } else if (command === "kubectl port-forward -n istio-system deploy/istiod 15014 &") {
      // Nodes do the forwarding; here istiod is at that very address already.
      assert.equal(istiod, `http://127.0.0.1:${ports.monitoring}`);
      assert.ok(commands.some((other) => other.includes(`--istiod ${istiod}`)));
    } else assert.fail(`no way to run: ${command}`);
  }
});
