// axe-core in the page: what keeps people with a screen reader or weak eyes out.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  id: string;
  impact: string | null;
  nodes: { target: unknown[] }[];
}

/** Serious and critical faults, as `rule: place`. */
export async function seriousViolations(page: Page): Promise<string[]> {
  // A page's own policy forbids foreign scripts; the test's are evaluated, not loaded.
  await page.evaluate(source);
  // VitePress draws a part of this button's text with CSS, which its name cannot hold.
  const found = (await page.evaluate("axe.run({ exclude: ['.DocSearch-Button'] })")) as {
    violations: Violation[];
  };
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
}
