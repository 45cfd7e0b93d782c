// Builds the site: `npm run docs`. Copies the pages, generates the reference from schemas, sources
// and READMEs, lets VitePress build, and adds the playground and plain Markdown for language
// models.
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build as buildSite } from "vitepress";
import { policySchema } from "../deploy/core/policy-schema.ts";
import { buildPlayground } from "../deploy/playground/build.ts";
import { generated } from "./generate.ts";

const root = join(import.meta.dirname, "..");
const source = join(root, "build/site");
const output = join(root, "build/docs");

/** Lays out `build/site`: the pages as VitePress reads them. Gives their paths. */
export async function layOut(): Promise<string[]> {
  rmSync(source, { recursive: true, force: true });
  const own = globSync("**/*.md", { cwd: join(root, "docs") }).sort();
  const pages = new Map(own.map((page) => [page, readFileSync(join(root, "docs", page), "utf8")]));
  for (const [page, text] of await generated()) pages.set(page, text);
  for (const [page, text] of pages) write(join(source, page), included(text, page));
  mkdirSync(join(source, "public"), { recursive: true });
  cpSync(join(root, "deploy/playground/page/icon.svg"), join(source, "public/icon.svg"));
  write(join(source, "public/policy.schema.json"), `${JSON.stringify(policySchema(), null, 2)}\n`);
  return [...pages.keys()].sort();
}

/** `<<< ./file.yaml` as a code block, so that the Markdown is whole by itself. */
function included(text: string, page: string): string {
  return text.replaceAll(/^<<< (\S+)$/gm, (_all, target: string) => {
    const file = join(root, "docs", dirname(page), target);
    return `\`\`\`yaml\n${readFileSync(file, "utf8").trimEnd()}\n\`\`\``;
  });
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** `llms.txt` (a list of pages) and every page as Markdown beside its HTML. */
function writeMarkdown(pages: string[]): void {
  const lines = pages.map((page) => {
    const text = readFileSync(join(source, page), "utf8");
    write(join(output, page), text);
    return `- [${/^# (.+)$/m.exec(text)?.[1] ?? page}](/${page})`;
  });
  const head =
    "# Gatehouse\n\n> Edge policy for Istio in four small Proxy-Wasm filters.\n\n## Pages\n";
  writeFileSync(join(output, "llms.txt"), `${head}\n${lines.join("\n")}\n`);
  const all = pages.map((page) => readFileSync(join(source, page), "utf8")).join("\n\n---\n\n");
  writeFileSync(join(output, "llms-full.txt"), all);
}

if (import.meta.main) {
  const pages = await layOut();
  await buildSite(join(root, "docs"));
  writeMarkdown(pages);
  await buildPlayground(join(output, "playground"));
  console.log(`${pages.length} pages in build/docs`);
}
