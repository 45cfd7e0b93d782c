// The reference, made from what it describes: READMEs of the filters, schemas, the command line and
// the sources. Nothing here is committed, so nothing can be stale.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { filterNames } from "../deploy/core/catalog.ts";
import { exitCodes } from "../deploy/core/problem.ts";
import { run } from "../deploy/cli/main.ts";
import { filterErrors, findings, toolErrors } from "./errors.ts";

const root = join(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");

/** Documents of the repository that are pages of the site. */
const copied: Record<string, string> = {
  ...Object.fromEntries(
    filterNames.map((name) => [`assembly/filters/${name}/README.md`, `reference/${name}.md`]),
  ),
  "assembly/lib/match/README.md": "reference/conditions.md",
  "deploy/README.md": "reference/settings-file.md",
  "deploy/chart/README.md": "operate/chart.md",
  "deploy/gitops/README.md": "operate/gitops.md",
  "deploy/istio/gatehouse/RUNBOOK.md": "operate/runbook.md",
  "SECURITY.md": "security.md",
  "RELEASE.md": "release.md",
  "examples/README.md": "examples.md",
};

/** Every page that is made, as a path of the repository: what links from pages may lead to. */
export const generatedPages: ReadonlySet<string> = new Set(
  [
    ...Object.values(copied),
    "reference/metrics.md",
    "reference/response-codes.md",
    "reference/cli.md",
    "reference/errors.md",
  ].map((page) => `docs/${page}`),
);

/** Page → text. */
export async function generated(): Promise<Map<string, string>> {
  const pages = new Map<string, string>();
  for (const [file, page] of Object.entries(copied))
    if (existsSync(join(root, file))) pages.set(page, relinked(read(file), file, page));
  pages.set("reference/metrics.md", metricsPage());
  pages.set("reference/response-codes.md", responsesPage());
  pages.set("reference/cli.md", await cliPage());
  pages.set("reference/errors.md", errorsPage());
  return pages;
}

/** Links to documents that are pages lead there; what is not on the site is named only. */
function relinked(text: string, file: string, page: string): string {
  return escaped(text).replaceAll(
    /\[([^\]]*)\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)]*)?\)/g,
    (_all, title: string, target: string, anchor = "") => {
      const path = normalize(join(dirname(file), target));
      const goal = copied[path] ?? docsPage(path);
      return goal
        ? `[${title}](${relative(dirname(page), goal)}${anchor})`
        : `${title} (\`${path}\`)`;
    },
  );
}

/** Vue reads `<name>` and `{{` in prose as its own: only code keeps them. */
function escaped(text: string): string {
  return text
    .split(/(```[\s\S]*?```|`[^`\n]*`)/)
    .map((part, at) => (at % 2 === 1 ? part : proseOf(part)))
    .join("");
}

function proseOf(text: string): string {
  return text.replaceAll(/<(?=[a-z]+>)(?!t[a-z]*>)/g, "&lt;").replaceAll("{{", "&#123;&#123;");
}

function docsPage(path: string): string | undefined {
  return path.startsWith("docs/") && path.endsWith(".md") ? path.slice("docs/".length) : undefined;
}

/** A part of a document, from its heading to the next of the same level or a higher one. */
function section(text: string, title: RegExp): string {
  const lines = text.split("\n");
  const levelOf = (line: string) => /^(#+) /.exec(line)?.[1]!.length ?? 0;
  const from = lines.findIndex((line) => levelOf(line) > 1 && title.test(line));
  if (from < 0) return "";
  const level = levelOf(lines[from]!);
  const ends = (line: string) => levelOf(line) > 0 && levelOf(line) <= level;
  const to = lines.findIndex((line, at) => at > from && ends(line));
  return lines
    .slice(from + 1, to < 0 ? undefined : to)
    .join("\n")
    .trim();
}

function filterSections(title: RegExp, page: string): string {
  return filterNames
    .map((name) => {
      const file = `assembly/filters/${name}/README.md`;
      const part = section(read(file), title);
      return part ? `## ${name}\n\n${relinked(part, file, page)}` : "";
    })
    .filter(Boolean)
    .join("\n\n");
}

function metricsPage(): string {
  const intro = `# Metrics and alerts

Every filter counts its decisions. Envoy shows them in \`/stats\` below \`wasmcustom.\`, and in \`/stats/prometheus\` under their
own names, with \`_\` in place of dots and dashes.

## What to alert on

| alert | series | why |
|---|---|---|
| a filter refuses much more than usual | jwt-auth's reasons, rate-limit's \`limited\` | an attack, or a wrong setting |
| keys are old | \`jwks_age_seconds\` above an hour | the issuer is away |
| the guard is open | \`guard_mode\` is 1 | the new version fails |
| log lines are lost | access-log's dropped lines | the sink is too slow |
| a filter was loaded again | \`envoy_wasm_*_vm_reload\` grows | a filter's VM died |

Working rules are in \`deploy/istio/observability/base/prometheus\`.`;
  return `${intro}\n\n${filterSections(/metrics/i, "reference/metrics.md")}\n`;
}

function responsesPage(): string {
  const intro = `# Response codes

What a client gets when a filter refuses a request, and where the reason is.`;
  return `${intro}\n\n${filterSections(/answers|response/i, "reference/response-codes.md")}\n`;
}

/** The help of each verb, as the tool prints it. */
async function cliPage(): Promise<string> {
  const help = async (...args: string[]) => {
    let text = "";
    await run([...args, "--help"], { out: (part) => void (text += part), err: () => {} });
    return text.trimEnd();
  };
  const main = await help();
  const verbs = [...main.matchAll(/^ {2}([a-z]+) (?:\[|<)/gm)].map(([, verb]) => verb!);
  const parts = [];
  for (const verb of verbs.filter((verb) => verb !== "help"))
    parts.push(`## ${verb}\n\n\`\`\`text\n${await help(verb)}\n\`\`\``);
  return `# Command line

Every command prints its result to standard output, and everything about it to standard error. \`--json\` gives one object.

\`\`\`text
${main}
\`\`\`

${parts.join("\n\n")}
`;
}

/** A text in a table of Markdown; braces would be read as attributes, but in code they are not. */
function cell(text: string): string {
  const inRow = text.replaceAll("|", "\\|");
  if (/[{}]/.test(text)) return `\`${inRow.replaceAll("`", "'")}\``;
  return inRow.replaceAll("<", "&lt;");
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** `problem; fix` in two cells. */
function problemAndFix(text: string): string[] {
  const at = /; |: (?=write |run |look )/.exec(text);
  if (!at) return [cell(text), ""];
  return [cell(text.slice(0, at.index)), cell(text.slice(at.index + at[0].length))];
}

function errorsPage(): string {
  const codes = Object.entries(exitCodes).map(([code, exit]) => [`\`${code}\``, String(exit)]);
  const tool = toolErrors().map(({ code, text }) => [...problemAndFix(text), `\`${code}\``]);
  const found = findings().map(({ problem, reason, fix }) => [problem, reason, fix].map(cell));
  const filters = filterErrors().map(({ filter, errors }) => {
    const rows = errors.map(({ setting, text }) => [
      setting ? `\`${setting}\`` : "any",
      ...filterProblem(text),
    ]);
    return `## ${filter}\n\n${table(["setting", "problem", "allowed"], rows)}`;
  });
  return `# Errors

A message has the form \`path: problem; allowed values; fix\`. \`…\` stands for a value of your input.

A filter refuses settings with the JSON pointer and what it expects: \`jwt-auth: /providers/0/issuer: expected …\`. The old
settings stay in force. The tool shows the line of your file.

## Exit codes

${table(["code", "exit"], codes)}

## The tool

${table(["problem", "fix", "code"], tool)}

## What validate finds

${table(["problem", "why", "fix"], found)}

${filters.join("\n\n")}
`;
}

/** A filter's text: what is wrong, and what it expected instead. */
function filterProblem(text: string): string[] {
  if (text.startsWith("expected "))
    return ["not as expected", cell(text.slice("expected ".length))];
  const [problem, ...rest] = text.split("; ");
  return [cell(problem!), cell(rest.join("; ").replace(/^expected /, ""))];
}
