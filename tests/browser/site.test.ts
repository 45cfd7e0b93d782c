// The documentation site in a real browser: every page, its search, and the playground in it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { seriousViolations } from "./axe.ts";
import { launch } from "./chromium.ts";

const root = join(import.meta.dirname, "../..");
const site = join(root, "build/docs");
const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

let browser: Browser;
let server: Server;
let origin = "";
let built = { status: null as number | null, text: "" };
const asked = new Set<string>();

before(async () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["docs/build.ts"], {
    cwd: root,
    encoding: "utf8",
  });
  built = { status, text: stdout + stderr };
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://site");
    const path = normalize(join(site, pathname.endsWith("/") ? `${pathname}index.html` : pathname));
    if (!path.startsWith(site) || !existsSync(path) || statSync(path).isDirectory())
      return void response.writeHead(404).end();
    response.setHeader("content-type", types[extname(path)] ?? "application/octet-stream");
    response.end(readFileSync(path));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

const pagesOf = () =>
  globSync("**/*.html", { cwd: site, exclude: ["playground/**", "404.html"] }).sort();

async function open(path: string, options = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on("request", (request) => asked.add(request.url()));
  await page.goto(`${origin}/${path}`);
  await page.locator("h1, iframe").first().waitFor();
  return page;
}

test("the site builds without a warning", () => {
  assert.equal(built.status, 0, built.text);
  assert.doesNotMatch(built.text, /warn|dead link|deprecat/i);
  assert.ok(pagesOf().length > 35, `${pagesOf().length} pages`);
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`every ${colorScheme} page is free of serious accessibility faults`, async () => {
    const page = await open("", { colorScheme });
    const faults = new Map<string, string[]>();
    for (const path of pagesOf()) {
      await page.goto(`${origin}/${path}`);
      await page.locator("main h1, .VPContent h1, iframe").first().waitFor();
      const found = await seriousViolations(page);
      if (found.length > 0) faults.set(path, found);
    }
    assert.deepEqual(Object.fromEntries(faults), {});
    await page.context().close();
  });
}

test("no page is wider than a phone of 360 pixels", async () => {
  const page = await open("", { viewport: { width: 360, height: 740 } });
  for (const path of pagesOf()) {
    await page.goto(`${origin}/${path}`);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 360, `${path}: ${width} pixels`);
  }
  await page.context().close();
});

test("search finds a setting without a network", async () => {
  const page = await open("");
  await page.keyboard.press("ControlOrMeta+k");
  await page.locator(".VPLocalSearchBox input").fill("maxVerificationsPerSecond");
  await page.locator(".VPLocalSearchBox .result", { hasText: "jwt-auth" }).first().waitFor();
  await page.context().close();
});

test("the playground decides inside of the site", async () => {
  const page = await open("playground.html");
  const frame = page.frameLocator("iframe");
  await frame.locator("#answer .status").waitFor();
  assert.match((await frame.locator("#answer").textContent())!, /200/);
  await page.context().close();
});

test("every page is there as plain Markdown, and llms.txt lists it", () => {
  const list = readFileSync(join(site, "llms.txt"), "utf8");
  for (const path of pagesOf()) {
    const markdown = path.replace(/\.html$/, ".md");
    assert.ok(existsSync(join(site, markdown)), markdown);
    assert.ok(list.includes(`(/${markdown})`), markdown);
  }
});

test("no page of the site asks for anything elsewhere", () => {
  const foreign = [...asked].filter((url) => new URL(url).hostname !== "127.0.0.1");
  assert.deepEqual(
    foreign.filter((url) => !/^(blob|data):/.test(url)),
    [],
  );
});
