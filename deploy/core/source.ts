// Reads YAML and JSON as the user wrote it: documents with the place of every key. Knows files,
// folders and standard input; refuses to know what the documents mean.
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  LineCounter,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  parseAllDocuments,
  visit,
} from "yaml";
import type { Document, Node, Pair } from "yaml";
import { fillingOf } from "./placeholders.ts";
import { ToolError, reasonOf } from "./problem.ts";
import type { Finding, Place } from "./problem.ts";
import { at, fieldsOf } from "./value.ts";
import type { Fields } from "./value.ts";

/** Steps from the root of a document: map keys and list indexes. */
export type Path = readonly (string | number)[];

/** No manifest is larger; a file that is would be something else. */
const fileBytesMax = 16 * 1024 * 1024;
/** An alias bomb multiplies nodes; real manifests use a handful of anchors. */
const aliasesMax = 100;

/** The document of the text that a manifest came from; items of one `List` share it. */
export interface Origin {
  /** As it stands in the file, with its comments. */
  text: string;
  /** The list that it is, if it is one. */
  list?: Fields;
}

/** One document with its place. `value` is plain data; `place` leads back into the text. */
export class Manifest {
  readonly file: string;
  // As the user wrote it: nothing about its shape is proved before a schema has seen it. `any` is
  // for the readers of deploy/migrate; others take `fields` or `at`.
  readonly value: any;
  /** True if the user named this very file, false if it was found in a folder. */
  readonly named: boolean;
  readonly origin: Origin;
  private readonly root: unknown;
  private readonly document: Document;
  private readonly lines: LineCounter;

  constructor(
    file: string,
    value: unknown,
    root: unknown,
    document: Document,
    lines: LineCounter,
    named: boolean,
    origin: Origin,
  ) {
    this.named = named;
    this.origin = origin;
    this.file = file;
    this.value = value;
    this.root = root;
    this.document = document;
    this.lines = lines;
  }

  get apiVersion(): string {
    return typeof this.value?.apiVersion === "string" ? this.value.apiVersion : "";
  }
  get kind(): string {
    return typeof this.value?.kind === "string" ? this.value.kind : "";
  }
  get name(): string {
    return typeof this.value?.metadata?.name === "string" ? this.value.metadata.name : "";
  }
  get namespace(): string {
    return typeof this.value?.metadata?.namespace === "string"
      ? this.value.metadata.namespace
      : "default";
  }
  /** The API group: empty for Kubernetes' core. */
  get group(): string {
    return this.apiVersion.includes("/") ? this.apiVersion.split("/")[0]! : "";
  }
  /** What people call it: `WasmPlugin istio-system/edge-jwt-auth`. */
  get title(): string {
    return this.kind ? `${this.kind} ${this.namespace}/${this.name}` : "values";
  }

  /** The document as a map. */
  get fields(): Fields {
    return fieldsOf(this.value);
  }

  /** What stands at a path, whatever it is. */
  at(...path: Path): unknown {
    return at(this.value, ...path);
  }

  /** The place of the key at `path`, or of the nearest parent that is really there. */
  place(path: Path = []): Place {
    let node: unknown = this.root;
    let found: unknown = this.root;
    for (const step of path) {
      const holder = this.resolved(node);
      if (isMap(holder)) {
        const pair = holder.items.find((item: Pair) => keyText(item) === String(step));
        if (!pair) break;
        found = pair.key;
        node = pair.value;
      } else if (isSeq(holder) && holder.items[Number(step)] !== undefined) {
        node = holder.items[Number(step)];
        found = node;
      } else break;
    }
    const offset = isNode(found) ? (found.range?.[0] ?? 0) : 0;
    const { line, col } = this.lines.linePos(offset);
    return { file: this.file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  /** The same document with another value, such as one that another reader would see. */
  with(value: unknown): Manifest {
    return new Manifest(
      this.file,
      value,
      this.root,
      this.document,
      this.lines,
      this.named,
      this.origin,
    );
  }

  /** Every value that stands without quotes, with its text as it was written. */
  plainValues(): { path: Path; text: string }[] {
    const found: { path: Path; text: string }[] = [];
    visit(this.root as Node, {
      Scalar: (key, node, ancestors) => {
        if (node.type === "PLAIN" && node.source !== undefined && key !== "key")
          found.push({ path: pathBelow([...ancestors, node]), text: node.source });
      },
    });
    return found;
  }

  private resolved(node: unknown): unknown {
    return isNode(node) && "source" in node && !isScalar(node) && !isMap(node) && !isSeq(node)
      ? (node as unknown as { resolve(document: Document): Node | undefined }).resolve(
          this.document,
        )
      : node;
  }
}

/** The steps through nodes that lie one in the other. */
function pathBelow(nodes: readonly unknown[]): Path {
  return nodes.flatMap((node, index): (string | number)[] => {
    if (isPair(node)) return [keyText(node)];
    return isSeq(node) ? [node.items.indexOf(nodes[index + 1])] : [];
  });
}

function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

/** A JSON pointer (RFC 6901) as steps. */
export function pathOf(pointer: string): string[] {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Steps as people write them: `spec.http[0].route`. */
export function pathText(path: Path): string {
  return path
    .map((step, at) => {
      if (typeof step === "number" || /^\d+$/.test(step)) return `[${step}]`;
      if (!/^[A-Za-z_][\w-]*$/.test(step)) return `["${step}"]`;
      return at === 0 ? step : `.${step}`;
    })
    .join("");
}

/**
 * The documents of one text. `List` objects are taken apart. Syntax errors become findings; what
 * parsed is kept.
 */
export function parse(
  text: string,
  file: string,
  named = true,
): { manifests: Manifest[]; findings: Finding[] } {
  const lines = new LineCounter();
  const manifests: Manifest[] = [];
  const findings: Finding[] = [];
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    merge: true,
    uniqueKeys: true,
    prettyErrors: false,
    logLevel: "error",
  });
  const all = Array.isArray(documents) ? documents : [];
  const template = templateFinding(all, text, file, lines);
  if (template) return { manifests, findings: [template] };
  let end = 0;
  for (const document of all) {
    const start = end;
    end = document.range[2];
    for (const error of document.errors)
      findings.push({
        severity: "error",
        rule: "yaml",
        place: placeAt(file, lines, error.pos[0]),
        what: "not valid YAML",
        why: error.message,
      });
    if (document.errors.length > 0) continue;
    const odd = collectionKey(document);
    if (odd !== undefined) {
      findings.push({
        severity: "error",
        rule: "yaml",
        place: placeAt(file, lines, odd),
        what: "a map or a list stands where a name must be",
        right: "quote it",
      });
      continue;
    }
    let value: unknown;
    try {
      value = document.toJS({ maxAliasCount: aliasesMax });
    } catch (error) {
      const place = { file, line: 1, column: 1 };
      findings.push({
        severity: "error",
        rule: "yaml",
        place,
        what: "not usable YAML",
        why: reasonOf(error),
      });
      continue;
    }
    if (value === null || value === undefined) continue;
    const origin = { text: text.slice(start, end) };
    manifests.push(...unpacked(file, value, document, lines, named, origin));
  }
  return { manifests, findings };
}

function placeAt(file: string, lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** Placeholders that are no YAML, such as a bare `{{ … }}`: one message for the whole file. */
function templateFinding(
  documents: readonly Document[],
  text: string,
  file: string,
  lines: LineCounter,
): Finding | undefined {
  const offsets = documents.flatMap((document) => {
    const odd = collectionKey(document);
    return [...document.errors.map(({ pos }) => pos[0]), ...(odd === undefined ? [] : [odd])];
  });
  const right = offsets.length > 0 ? fillingOf(text) : undefined;
  if (!right) return undefined;
  const place = placeAt(file, lines, Math.min(...offsets));
  return { severity: "error", rule: "template", place, what: "not a finished file", right };
}

/** The offset of the first key that is no scalar. */
function collectionKey(document: Document): number | undefined {
  let found: number | undefined;
  visit(document, {
    Pair(_key, { key }) {
      if (isMap(key) || isSeq(key)) {
        found = key.range?.[0] ?? 0;
        return visit.BREAK;
      }
      return undefined;
    },
  });
  return found;
}

/**
 * The items of a Kubernetes `List`, each with its own place; anything else as it is. A settings
 * file may be the `functionConfig` of a ResourceList (kustomize's KRM functions).
 */
function unpacked(
  file: string,
  value: any,
  document: Document,
  lines: LineCounter,
  named: boolean,
  origin: Origin,
): Manifest[] {
  const items =
    value?.kind?.endsWith?.("List") && Array.isArray(value.items) ? value.items : undefined;
  if (!items && value?.kind !== "ResourceList")
    return [new Manifest(file, value, document.contents, document, lines, named, origin)];
  const list = { ...origin, list: fieldsOf(value) };
  const nodeAt = (key: string) =>
    isMap(document.contents) ? document.contents.get(key, true) : undefined;
  const nodes = nodeAt("items");
  const unpackedItems = (items ?? []).map((item: unknown, at: number) => {
    const node = isSeq(nodes) ? nodes.items[at] : document.contents;
    return new Manifest(file, item, node, document, lines, named, list);
  });
  const config = value.kind === "ResourceList" ? value.functionConfig : undefined;
  if (!String(config?.apiVersion ?? "").startsWith("gatehouse.dev/")) return unpackedItems;
  // kustomize hands a generator's own configuration over as an item too.
  const title = (one: unknown) =>
    JSON.stringify(["name", "namespace"].map((key) => at(one, "metadata", key)));
  const isItem = (items ?? []).some(
    (item: unknown) => at(item, "kind") === config.kind && title(item) === title(config),
  );
  if (isItem) return unpackedItems;
  const node = nodeAt("functionConfig");
  return [...unpackedItems, new Manifest(file, config, node, document, lines, named, list)];
}

/** Text of a named file, or of standard input for `-`. */
function textOfFile(file: string): string {
  try {
    if (file === "-") return readFileSync(0, "utf8");
    if (statSync(file).size > fileBytesMax)
      throw new ToolError(
        "input",
        `${file} is larger than 16 MiB, which no manifest is; name other files`,
      );
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw new ToolError("input", `cannot read ${file}: ${reasonOf(error)}`, { cause: error });
  }
}

/** The YAML and JSON files under a folder, in a fixed order; a file is itself. */
function filesUnder(path: string): string[] {
  let isFolder: boolean;
  try {
    isFolder = path !== "-" && statSync(path).isDirectory();
  } catch (error) {
    throw new ToolError(
      "input",
      `${path} cannot be read: name a file, a folder, or - for standard input`,
      {
        cause: error,
      },
    );
  }
  if (!isFolder) return [path];
  return globSync("**/*.{yaml,yml,json}", { cwd: path, exclude: ["**/node_modules"] })
    .sort()
    .map((file) => join(path, file))
    .filter((file) => !file.endsWith(".json") || isManifest(file));
}

/** True for JSON that could be a resource: folders hold other JSON too. */
function isManifest(file: string): boolean {
  return statSync(file).size <= fileBytesMax && /"apiVersion"\s*:/.test(textOfFile(file));
}

/** A text that a user named, or that lies in a folder which the user named. */
export interface Source {
  file: string;
  text: string;
  named: boolean;
}

/** The texts of files, folders and `-`. Throws `input` when one cannot be read. */
export function sourcesOf(paths: string[]): Source[] {
  return paths.flatMap((path) =>
    filesUnder(path).map((file) => ({
      file: file === "-" ? "standard input" : file,
      text: textOfFile(file),
      named: file === path,
    })),
  );
}

/**
 * All documents of files, folders and `-`. Throws `input` when one cannot be read or holds
 * nothing at all.
 */
export function read(paths: string[]): { manifests: Manifest[]; findings: Finding[] } {
  const parsed = sourcesOf(paths).map(({ text, file, named }) => parse(text, file, named));
  const manifests = parsed.flatMap((one) => one.manifests);
  const findings = parsed.flatMap((one) => one.findings);
  if (manifests.length === 0 && findings.length === 0) {
    throw new ToolError("input", `${paths.join(", ")}: no YAML document there; name other files`);
  }
  return { manifests, findings };
}
