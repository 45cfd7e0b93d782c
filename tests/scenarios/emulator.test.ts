// Every scenario on the emulator.
import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { runCase } from "../../deploy/emulator/cases.ts";
import { Clock } from "../../deploy/emulator/clock.ts";
import { differences } from "../../deploy/emulator/expectation.ts";
import { type Call, type CallOutcome, Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import { type Scenario, bodyText, buildModules, inEdge, readScenarios } from "./scenario.ts";

const requireModules = await buildModules();
const apart = await readScenarios();
const scenarios = [...apart, ...inEdge(apart)];

test("there are scenarios", () => assert.ok(scenarios.length > 0));

function answer(scenario: Scenario, call: Call): CallOutcome {
  const path = call.headers.get(":path");
  const scripted = scenario.calls.find(
    (each) => each.cluster === call.cluster && (each.path ?? path) === path,
  );
  if (!scripted) return { status: 404 };
  if (typeof scripted.answer === "string") return scripted.answer;
  return { ...scripted.answer, body: bodyText(scripted.answer.body) };
}

for (const scenario of scenarios) {
  describe(scenario.name, () => {
    const proxy = new Proxy({
      clock: new Clock(scenario.start),
      clusters: scenario.calls.map(({ cluster }) => cluster),
      onCall: (call) => answer(scenario, call),
    });
    it("takes the configuration", () => {
      requireModules(scenario);
      for (const plugin of scenario.plugins)
        proxy.install({ ...plugin, module: Module.load(`build/${plugin.name}.wasm`) });
      proxy.clock.settle();
    });
    for (const each of scenario.cases) {
      it(each.name, () => {
        assert.equal(
          proxy.plugins.length,
          scenario.plugins.length,
          "a filter of the chain is missing",
        );
        for (const { observed } of runCase(proxy, each)) {
          assert.deepEqual(differences(observed, each.expect ?? {}), []);
        }
      });
    }
    it("never traps", () => {
      assert.deepEqual(
        proxy.log.filter(({ level }) => level === "critical"),
        [],
      );
    });
  });
}
