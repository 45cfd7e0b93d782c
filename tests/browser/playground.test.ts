// The playground as a person uses it: real Chromium, the built page, the real modules.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { buildPlayground } from "../../deploy/playground/build.ts";
import { servePlayground, type Served } from "../../deploy/playground/serve.ts";
import { seriousViolations } from "./axe.ts";
import { launch } from "./chromium.ts";

let browser: Browser;
let served: Served;
const folder = mkdtempSync(join(tmpdir(), "gatehouse-playground-"));
const assets = join(folder, "assets");
/** Every address that any page asked for. */
const asked = new Set<string>();

before(async () => {
  await buildPlayground(assets);
  served = await servePlayground({ assets });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await served?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Opened {
  page: Page;
  context: BrowserContext;
  faults: string[];
}

async function open(fragment = "", options = {}, url = served.url): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  page.setDefaultTimeout(15_000);
  page.on("request", (request) => asked.add(request.url()));
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(`${url}${fragment}`);
  await page.locator("#answer .status").waitFor();
  return { page, context, faults };
}

/** Replaces the whole text of the editor in a panel, by keyboard. */
async function write(page: Page, panel: string, text: string): Promise<void> {
  await page.locator(`#${panel} .cm-content`).click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
}

const settingsOf = (name: string) =>
  readFileSync(join(import.meta.dirname, `../../docs/tutorials/files/${name}/edge.yaml`), "utf8");

test("the first decision is there within two seconds of opening", async () => {
  let best = Infinity;
  // Other programs may have the processor: the page is that fast if it is once.
  for (let run = 0; run < 6 && best >= 2000; run++) {
    const started = performance.now();
    const { context, page } = await open();
    best = Math.min(best, performance.now() - started);
    assert.match((await page.locator("#answer .status").textContent())!, /200/);
    await context.close();
  }
  assert.ok(best < 2000, `the quickest of six took ${Math.round(best)} ms`);
});

test("a mistake is shown at its line, and the answer comes back once it is fixed", async () => {
  const { page, context, faults } = await open("#jwt");
  const good = settingsOf("jwt");
  await write(page, "panel-settings", good.replace("audiences:", "audience:"));
  await page.locator("#problem-title.bad").waitFor();
  const line = good.split("\n").findIndex((each) => each.includes("audiences:")) + 1;
  assert.match((await page.locator("#problems").textContent())!, /audience/);
  await page
    .locator("#problems button", { hasText: `line ${line}` })
    .first()
    .click();
  assert.match((await page.locator(".cm-activeLine").first().textContent())!, /audience:/);
  assert.ok((await page.locator(".cm-lintRange-error").count()) > 0, "the place is underlined");
  await write(page, "panel-settings", good);
  await page.locator("#problem-title.good").waitFor();
  await page.locator("#answer .status.good").first().waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test("what only the filter's own parser refuses is shown at its place too", async () => {
  const { page, context } = await open("#canary");
  const bad = settingsOf("canary").replace("canary: 10 }", "canary: 11 }");
  await write(page, "panel-settings", bad);
  await page.locator("#problem-title.bad").waitFor();
  assert.match((await page.locator("#problems").textContent())!, /100/);
  await context.close();
});

test("a request without a token is refused with its reason", async () => {
  const { page, context } = await open("#jwt");
  await page.selectOption("#token", { label: "no token" });
  await page.click("#send");
  await page.locator("#answer .status.warn").waitFor();
  const answer = (await page.locator("#answer").textContent())!;
  assert.match(answer, /401/);
  assert.match(answer, /reasonmissing/);
  assert.match(answer, /goes tono service/);
  await context.close();
});

test("a bucket runs empty over several requests and is full again on demand", async () => {
  const { page, context } = await open("#rate-limit");
  for (let sent = 0; sent < 5; sent++) {
    await page.click("#send");
    await page.locator("#answer", { hasText: `request ${sent + 2} of` }).waitFor();
  }
  assert.match((await page.locator("#answer").textContent())!, /429.*per-client/s);
  await page.click("#reset");
  await page.locator("#answer .status.good").waitFor();
  await context.close();
});

test("a case turns red as its expectation is typed, and green again", async () => {
  const { page, context } = await open("#jwt");
  await page.locator("#tab-cases[data-state=good]").waitFor();
  await page.click("#tab-casefile");
  await write(
    page,
    "panel-casefile",
    "- { name: wrong, request: { path: / }, expect: { status: 200 } }",
  );
  await page.locator("#tab-cases[data-state=bad]").waitFor();
  await page.click("#tab-cases");
  assert.match((await page.locator("#cases-table").textContent())!, /expected 200, got 401/);
  await write(
    page,
    "panel-casefile",
    "- { name: right, request: { path: / }, expect: { status: 401 } }",
  );
  await page.locator("#tab-cases[data-state=good]").waitFor();
  await context.close();
});

test("a case added from the form passes at once", async () => {
  const { page, context } = await open("#jwt");
  await page.fill("#path", "/health");
  await page.selectOption("#token", { label: "no token" });
  await page.click("#add-case");
  await page.locator("#tab-cases", { hasText: "7 passed" }).waitFor();
  await context.close();
});

test("a thousand clients are split nine to one, and none moves", async () => {
  const { page, context } = await open("#canary");
  await page.click("#tab-crowd");
  await page.click("#crowd-run");
  await page.locator("#crowd-note", { hasText: "done" }).waitFor();
  const text = (await page.locator("#crowd-charts").textContent())!;
  const share = Number(/canary \d+ \(([\d.]+) %\)/.exec(text)?.[1]);
  assert.ok(Math.abs(share - 10) < 3, `the canary got ${share} %`);
  assert.match(text, /No client moved/);
  await context.close();
});

test("failures of the guarded variant open the guard in the clients view", async () => {
  const { page, context } = await open("#canary");
  await page.click("#tab-crowd");
  await page.fill("#crowd-failing", "60");
  await page.click("#crowd-run");
  await page.locator("#crowd-note", { hasText: "done" }).waitFor();
  assert.match((await page.locator("#crowd-charts").textContent())!, /open: all its traffic/);
  await context.close();
});

test("a pasted EnvoyFilter becomes settings that can be used", async () => {
  const { page, context } = await open("#jwt");
  const native = join(import.meta.dirname, "../../deploy/istio/rate-limit/envoy-filter.yaml");
  await page.click("#tab-migrate");
  await write(page, "manifests", readFileSync(native, "utf8"));
  await page.click("#migrate");
  await page.locator("#migrated").waitFor();
  assert.match((await page.locator("#migrated").textContent())!, /maxTokens: 1000/);
  const counts = (await page.locator("#migrate-counts").textContent())!;
  assert.match(counts, /[1-9]\d* requests compared with the native resources: [1-9]\d* the same/);
  // One bucket for all listeners of a proxy, where Envoy has one for each: the report shows a
  // request.
  await page
    .locator("#migrate-report li", { hasText: /^stricter: .*local_rate_limited/ })
    .first()
    .waitFor();
  await page.click("#adopt");
  await page.locator("#problem-title.good").waitFor();
  await page.locator(".chain", { hasText: "rate-limit" }).waitFor();
  await context.close();
});

test("a link opens the same files in a fresh profile", async () => {
  const first = await open("#jwt");
  const text = `${settingsOf("jwt")}# shared\n`;
  await write(first.page, "panel-settings", text);
  await first.page.fill("#path", "/shared/path");
  await first.page.click("#share");
  await first.page.waitForURL(/#v1=/);
  const address = new URL(first.page.url());
  await first.context.close();
  const second = await open(address.hash);
  assert.match(
    (await second.page.locator("#panel-settings .cm-content").textContent())!,
    /# shared/,
  );
  assert.equal(await second.page.inputValue("#path"), "/shared/path");
  await second.context.close();
});

test("a damaged link says so and opens an example", async () => {
  const { page, context } = await open("#v1=AAAA");
  assert.match((await page.locator("#toast").textContent())!, /damaged/);
  await context.close();
});

test("completion offers the keys of the schema, and hover explains them", async () => {
  const { page, context } = await open("#jwt");
  await write(page, "panel-settings", `${settingsOf("jwt")}    `);
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.press("Control+Space");
  await page.locator(".cm-tooltip-autocomplete").waitFor();
  assert.match((await page.locator(".cm-tooltip-autocomplete").textContent())!, /providers|mode/);
  await page.keyboard.press("Escape");
  await page
    .locator("#panel-settings .cm-line", { hasText: "jwksUri" })
    .locator(".tok-key")
    .hover();
  await page.locator(".hover").waitFor();
  assert.match((await page.locator(".hover").textContent())!, /jwksUri/);
  await context.close();
});

test("everything can be reached and used with the keyboard alone", async () => {
  const { page, context } = await open("#jwt");
  await page.locator("#tab-settings").focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.locator("#panel-casefile").isVisible(), true);
  await page.keyboard.press("ArrowLeft");
  const reached = new Set<string>();
  for (let steps = 0; steps < 40; steps++) {
    await page.keyboard.press("Tab");
    reached.add(
      await page.evaluate(
        () => document.activeElement?.id || document.activeElement?.className || "",
      ),
    );
  }
  for (const id of [
    "path",
    "send",
    "token",
    "claims",
    "headers",
    "add-case",
    "reset",
    "tab-request",
  ])
    assert.ok(reached.has(id), `Tab reaches #${id}`);
  await page.locator("#path").focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("/health");
  await page.keyboard.press("Enter");
  await page.locator("#answer", { hasText: "/health" }).waitFor();
  await context.close();
});

test("nothing is wider than a phone of 360 pixels", async () => {
  const { page, context } = await open("#all-four", { viewport: { width: 360, height: 740 } });
  for (const tab of ["tab-casefile", "tab-migrate", "tab-cases", "tab-crowd"]) {
    await page.click(`#${tab}`);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 360, `${tab}: ${width} pixels`);
  }
  await context.close();
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds no serious fault in the ${colorScheme} page`, async () => {
    const { page, context } = await open("#all-four", { colorScheme });
    for (const tab of ["tab-settings", "tab-casefile", "tab-migrate", "tab-cases", "tab-crowd"]) {
      await page.click(`#${tab}`);
      assert.deepEqual(await seriousViolations(page), [], tab);
    }
    await context.close();
  });
}

const badTexts: [name: string, text: string, words: RegExp][] = [
  ["a policy of more than 1 MB", `# ${"x".repeat(1_100_000)}\nkind: Policy\n`, /too large/],
  ["an empty file", "", /empty/],
  ["text that is no YAML", "a: [1, 2\nb: }", /not valid YAML/],
  ["a Service", "apiVersion: v1\nkind: Service\nmetadata: { name: a }\n", /no settings file/],
  ["binary", "\u0000\u0001\u0002", /YAML|settings file|Policy/],
  [
    "a regular expression with a look-behind",
    settingsOf("jwt").replace("exact: /health", 'regex: "(?<=a)b"'),
    /regex|regular|look/i,
  ],
];
for (const [name, text, words] of badTexts) {
  test(`${name} leaves the page responsive and says what is wrong`, async () => {
    const { page, context } = await open("#jwt");
    await write(page, "panel-settings", text);
    await page.locator("#problem-title.bad").waitFor();
    assert.match((await page.locator("#problems").textContent())!, words);
    await page.click("#tab-crowd");
    assert.equal(await page.locator("#panel-crowd").isVisible(), true);
    await context.close();
  });
}

test("JSON instead of YAML is taken", async () => {
  const { page, context } = await open("#jwt");
  const limits = [{ name: "a", tokenBucket: { maxTokens: 1, fillInterval: "1s" } }];
  const policy = {
    apiVersion: "gatehouse.dev/v1",
    kind: "Policy",
    metadata: { name: "edge" },
    spec: {
      placement: { gateway: { selector: { istio: "ingressgateway" } } },
      image: { repository: "registry.example.com/gatehouse" },
      "rate-limit": { limits },
    },
  };
  await write(page, "panel-settings", JSON.stringify(policy, null, 2));
  await page.locator(".chain", { hasText: "rate-limit" }).waitFor();
  await context.close();
});

test("a policy of one module for all filters decides the same", async () => {
  const { page, context } = await open("#all-four");
  const text = readFileSync(
    join(import.meta.dirname, "../../deploy/istio/gatehouse/gateway/policy.yaml"),
    "utf8",
  );
  const bundled = text.replace(/( +)repository: \S+\n/, "$&$1bundle: true\n");
  assert.notEqual(bundled, text);
  await write(page, "panel-settings", bundled);
  await page.locator("#problem-title.good").waitFor();
  await page.locator("#answer .status.good").waitFor();
  await page.locator("#tab-cases[data-state=good]").waitFor();
  await context.close();
});

test("a token of 60 KB is decided on like any other", async () => {
  const { page, context } = await open("#jwt");
  await page.selectOption("#token", { label: "no token" });
  await page.fill("#headers", `authorization: Bearer ${"a".repeat(60_000)}`);
  await page.click("#send");
  await page.locator("#answer .status.warn, #answer .status.bad").waitFor();
  assert.match((await page.locator("#answer").textContent())!, /4\d\d/);
  await context.close();
});

test("markup in a header stays text", async () => {
  const { page, context } = await open("#jwt");
  await page.fill("#headers", "x-a: <img src=x onerror=document.title='owned'>");
  await page.click("#send");
  await page.locator("#answer", { hasText: "request 2 of" }).waitFor();
  assert.equal(await page.title(), "Gatehouse playground");
  assert.equal(await page.locator("#answer img").count(), 0);
  await context.close();
});

test("the folder's files are opened and saved back, and nothing else", async () => {
  const own = mkdtempSync(join(tmpdir(), "gatehouse-folder-"));
  writeFileSync(join(own, "edge.yaml"), settingsOf("rate-limit"));
  const local = await servePlayground({ assets, folder: own });
  const { page, context } = await open("", {}, local.url);
  await page.locator(".chain", { hasText: "rate-limit" }).waitFor();
  await write(page, "panel-settings", `${settingsOf("rate-limit")}# saved\n`);
  await page.click("#save");
  await page.locator("#toast", { hasText: "Saved" }).waitFor();
  assert.match(readFileSync(join(own, "edge.yaml"), "utf8"), /# saved/);
  const stranger = await fetch(`${local.url}folder`);
  assert.equal(stranger.status, 403, "without the page's key");
  const key = await page.getAttribute('meta[name="gatehouse-key"]', "content");
  const outside = await fetch(`${local.url}folder/..%2Fother.yaml`, {
    method: "PUT",
    body: "x",
    headers: { "x-gatehouse-key": key! },
  });
  assert.equal(outside.status, 404, "only two files can be written");
  await context.close();
  await local.close();
  rmSync(own, { recursive: true });
});

test("no page asked for anything outside its own origin", () => {
  const foreign = [...asked].filter((url) => {
    const { protocol, hostname } = new URL(url);
    return !["blob:", "data:"].includes(protocol) && hostname !== "127.0.0.1";
  });
  assert.deepEqual(foreign, []);
  assert.ok(asked.size > 5);
});
