// `gatehouse explain`: settings from the schema.
import assert from "node:assert/strict";
import { test } from "node:test";
import { explain } from "../../deploy/core/explain.ts";
import { gatehouse } from "./helper.ts";

test("a setting is explained with its type, its limits and what it does", async () => {
  const { code, out } = await gatehouse("explain", "jwt-auth.providers.jwksUri");
  assert.equal(code, 0);
  assert.match(out, /^spec\.jwt-auth\.providers\[\]\.jwksUri\ntype +text\nneeded +no\n/);
  assert.match(out, /limits +matches \^https/);
  assert.match(out, /Where the key set is fetched/);
});

test("lists and the spec may be left out of a path, or written", async () => {
  const texts = await Promise.all(
    [
      "spec.rate-limit.limits[0].tokenBucket",
      "rate-limit.limits[].tokenBucket",
      "rate-limit.limits.tokenBucket",
    ].map(async (path) => (await gatehouse("explain", path)).out),
  );
  assert.equal(new Set(texts).size, 1);
  assert.match(texts[0]!, /maxTokens +whole number, needed: Size of the bucket/);
});

test("every setting that a list of settings names can be explained itself", () => {
  let count = 0;
  const visit = (path: string[]) => {
    const found = explain(path.join("."));
    assert.ok("children" in found, path.join("."));
    count++;
    // Conditions nest without an end; six steps reach every setting once.
    if (path.length < 6) for (const { name } of found.children) visit([...found.path, name]);
  };
  visit([]);
  assert.ok(count > 250, String(count));
});

test("values, defaults and needed settings are told as the schema has them", async () => {
  const { out } = await gatehouse("explain", "rate-limit.mode", "--json");
  const { setting } = JSON.parse(out);
  assert.deepEqual(setting.allowed, ["enforce", "report"]);
  assert.equal(setting.default, "enforce");
  assert.match((await gatehouse("explain", "rate-limit.mode")).out, /allowed +"enforce", "report"/);
});

test("an unknown setting is refused with the nearest one", async () => {
  const { code, err } = await gatehouse("explain", "jwt-auth.provider");
  assert.equal(code, 2);
  assert.match(err, /spec\.jwt-auth has no setting "provider"; did you mean "providers"\?/);
});

test("--schema gives the schema that the package and the site have", async () => {
  const { out } = await gatehouse("explain", "--schema");
  const { properties } = JSON.parse(out);
  assert.ok(properties.spec.properties["jwt-auth"].properties.providers);
});
