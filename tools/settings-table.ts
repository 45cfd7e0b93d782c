// Writes the settings table of each filter's README from its `config.schema.json`, so that the
// two cannot disagree: `node tools/settings-table.ts`. A tidy test holds the committed text against
// what this makes.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "..");
const OPEN = "<!-- settings -->";
const CLOSE = "<!-- /settings -->";

interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  oneOf?: Schema[];
  anyOf?: Schema[];
}

/** Where a type of the shared vocabulary is explained, from the document that names it. */
type Link = (name: string) => string;

/** The READMEs with a table, each with the schema it is made from. */
export const documents = [
  ...globSync("assembly/filters/*/config.schema.json", { cwd: root }).sort(),
  "assembly/lib/match/match.schema.json",
].map((schema) => ({ schema, readme: join(dirname(schema), "README.md") }));

/** The README's text with a fresh table between its marks. Throws when it has no marks. */
export function refreshed(document: { schema: string; readme: string }): string {
  const text = readFileSync(join(root, document.readme), "utf8");
  const from = text.indexOf(OPEN);
  const to = text.indexOf(CLOSE);
  if (from < 0 || to < from) throw new Error(`${document.readme} has no ${OPEN} … ${CLOSE}`);
  const schema = JSON.parse(readFileSync(join(root, document.schema), "utf8")) as Schema;
  return `${text.slice(0, from + OPEN.length)}\n\n${tablesOf(schema)}\n\n${text.slice(to)}`;
}

/** One table for the settings, then one for each type of the schema's own. */
function tablesOf(schema: Schema): string {
  const link: Link = (name) =>
    schema.$defs?.[name] ? `[${name}](#${name.toLowerCase()})` : shared(name);
  const tables = schema.properties ? [tableOf(schema, link)] : [];
  for (const [name, definition] of Object.entries(schema.$defs ?? {})) {
    const rows = tableOf(definition, link);
    tables.push([`#### ${name}`, definition.description ?? "", rows].filter(Boolean).join("\n\n"));
  }
  return tables.join("\n\n");
}

function shared(name: string): string {
  return `[${name}](../../lib/match/README.md#${name.toLowerCase()})`;
}

function tableOf(schema: Schema, link: Link): string {
  const rows = rowsOf(schema, "", link);
  if (rows.length === 0) return "";
  const line = (row: string[]) => `| ${row.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

const header = ["setting", "type", "default", "what it does"];

/** The settings of an object, the nested ones by their path: `limits[].tokenBucket.maxTokens`. */
function rowsOf(schema: Schema, path: string, link: Link): string[][] {
  const properties = Object.entries({ ...branches(schema), ...schema.properties });
  return properties.flatMap(([name, setting]) => {
    const at = path ? `${path}.${name}` : name;
    const isNeeded = schema.required?.includes(name) ?? false;
    return [rowOf(setting, at, isNeeded, link), ...nestedRows(setting, at, link)];
  });
}

/** The properties of the alternatives of an object. */
function branches(schema: Schema): Record<string, Schema> {
  const alternatives = [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  const described = ({ description, type, $ref, properties }: Schema) =>
    description || type || $ref || properties;
  return Object.fromEntries(
    alternatives.flatMap((one) =>
      Object.entries(one.properties ?? {}).filter(([, setting]) => described(setting)),
    ),
  );
}

function nestedRows(setting: Schema, at: string, link: Link): string[][] {
  if (setting.items && !setting.items.$ref)
    return [...rowsOf(setting.items, `${at}[]`, link), ...deeper(setting.items, `${at}[]`, link)];
  return [...rowsOf(setting, at, link), ...deeper(setting, at, link)];
}

/** What lies below a map with the user's own keys. */
function deeper(setting: Schema, at: string, link: Link): string[][] {
  const values = setting.additionalProperties;
  return typeof values === "object" && !values.$ref ? rowsOf(values, `${at}.<name>`, link) : [];
}

function rowOf(setting: Schema, at: string, isNeeded: boolean, link: Link): string[] {
  const fallback = isNeeded
    ? "required"
    : setting.default === undefined
      ? ""
      : `\`${JSON.stringify(setting.default)}\``;
  const text = setting.description ?? setting.items?.description ?? "";
  return [`\`${at}\``, typeOf(setting, link), fallback, text].map((cell) =>
    cell.replaceAll("|", "\\|").replaceAll("\n", " "),
  );
}

function typeOf(setting: Schema, link: Link): string {
  if (setting.$ref) return link(setting.$ref.replace(/^.*\//, ""));
  if (setting.const !== undefined) return `\`${JSON.stringify(setting.const)}\``;
  if (setting.enum) return setting.enum.map((value) => `\`${value}\``).join(", ");
  if (setting.oneOf ?? setting.anyOf) {
    const kinds = (setting.oneOf ?? setting.anyOf)!.map((one) =>
      typeOf({ type: setting.type, ...one }, link),
    );
    return [...new Set(kinds.filter(Boolean))].join(" or ") || "map";
  }
  if (setting.items) return `list of ${typeOf(setting.items, link)}`;
  if (typeof setting.additionalProperties === "object")
    return `map of ${typeOf(setting.additionalProperties, link)}`;
  const words: Record<string, string> = {
    object: "map",
    integer: "whole number",
    boolean: "true or false",
    array: "list",
  };
  return [setting.type ?? (setting.properties ? "object" : "")]
    .flat()
    .map((type) => words[type] ?? type)
    .join(" or ");
}

if (process.argv[1] === import.meta.filename) {
  for (const document of documents) writeFileSync(join(root, document.readme), refreshed(document));
}
