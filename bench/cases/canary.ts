// canary beside an Envoy Lua filter with the same rules: two header rules and a hash split.
import { type Json, nativeFilter, wasmFilter } from "../../envoy/bootstrap.ts";
import { added, type Effort, measure, wire } from "../compare.ts";
import { emptyCallback } from "../empty-callback.ts";
import { type Finding, finding } from "../report.ts";

/** Header, user agent, and a split by a hash of the client's key. */
const LUA = `
function envoy_on_request(handle)
  local headers = handle:headers()
  headers:remove("x-variant")
  if headers:get("x-canary") == "true" then headers:add("x-variant", "canary") return end
  local agent = headers:get("user-agent")
  if agent and string.find(agent, "Mobile", 1, true) then headers:add("x-variant", "mobile-optimized") return end
  local key = headers:get("x-user") or ""
  local hash = 5381
  for i = 1, #key do hash = (hash * 33 + string.byte(key, i)) % 4294967296 end
  headers:add("x-variant", hash % 10000 < 1000 and "canary" or "stable")
end`;

export function native(): Json {
  return nativeFilter("envoy.filters.http.lua", "lua.v3.Lua", {
    default_source_code: { inline_string: LUA },
  });
}

function route(name: string): Json {
  return {
    name,
    variants: [
      { name: "canary", match: [{ headers: { "x-canary": { exact: "true" } } }] },
      { name: "mobile-optimized", match: [{ headers: { "user-agent": { regex: ".*Mobile.*" } } }] },
    ],
    split: { stable: 90, canary: 10 },
    sticky: { header: "x-user" },
  };
}

export function own(): Json {
  return wasmFilter({ name: "canary", config: { routes: [route("product-service")] } });
}

/** 99 routes of five rules that do not match, and the one that does. */
function many(): Json {
  const other = (i: number): Json => ({
    ...route(`service-${i}`),
    header: `x-variant-${i}`,
    match: [
      {
        uri: { prefix: `/service-${i}/` },
        headers: { "x-team": { exact: "a" }, "x-zone": { regex: "eu-.*" } },
      },
    ],
  });
  const routes = [...Array.from({ length: 99 }, (_, i) => other(i)), route("product-service")];
  return wasmFilter({ name: "canary", config: { routes } });
}

/** A request of one of 5,000 users, from a desktop browser. */
export function request(index: number): Buffer {
  return wire("/api/products/7", {
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101",
    accept: "*/*",
    "x-user": `user-${index % 5000}`,
  });
}

export async function run(effort: Effort): Promise<Finding[]> {
  const measured = await measure(
    [
      { name: "none", request },
      { name: "empty", filters: [await emptyCallback()], request },
      { name: "lua", filters: [native()], request },
      { name: "own", filters: [own()], request },
      { name: "many", filters: [many()], request },
    ],
    effort,
  );
  const of = (name: string) => added(measured, name);
  const detail = `own +${of("own").toFixed(2)} µs, an empty callback +${of("empty").toFixed(2)}, Lua +${of("lua").toFixed(2)}`;
  return [
    finding("canary/rules-and-split", of("own") / of("empty"), detail),
    finding("canary/against-lua", of("own") / of("lua"), detail),
    finding("canary/100-routes", of("many") / of("own"), `+${of("many").toFixed(2)} µs`),
  ];
}
