// Compile-time half of literals: all texts of a module lie once, as UTF-8, in one piece of its data (`LITERALS` of
// assembly/lib/bytes.ts). `text("…")` becomes the constant view of its bytes, and a string literal becomes
// `inflated(offset)`, a list of them `inflatedList(offset, count)`, which make the strings when they are asked for: settings
// and errors, never a request. As the compiler would lay them out, each would be UTF-16 behind an object header, twice to
// three times as large.
// Plain JavaScript, since the compiler loads it itself.
import { NodeKind, Parser } from "assemblyscript/dist/assemblyscript.js";
import { Transform } from "assemblyscript/dist/transform.js";

const HOME = "assembly/lib/bytes.ts";
const LENGTH_BYTES = 2;

export default class extends Transform {
  afterParse(parser) {
    const sources = parser.sources.filter((source) => !source.isLibrary);
    const home = sources.find((source) => source.normalizedPath === HOME);
    if (!home) return;
    const pool = new Pool();
    for (const source of sources) new Replacer(pool).visitChildren(source);
    const literals = declarationOf(home, "LITERALS");
    literals.initializer = expression(`memory.data<u8>([${pool.bytes}], 1)`, literals.range);
  }
}

/** Each text once: its length as u16, then its UTF-8. */
class Pool {
  bytes = [];
  #offsets = new Map();
  #lists = new Map();

  /** Offset of the length. */
  offsetOf(literal) {
    if (!this.#offsets.has(literal)) this.#append(literal);
    return this.#offsets.get(literal);
  }

  /** Offset of the first of literals that lie one behind the other. */
  offsetOfList(literals) {
    const list = literals.join("\0\0");
    if (!this.#lists.has(list)) {
      this.#lists.set(list, this.bytes.length);
      literals.forEach((literal) => this.#append(literal));
    }
    return this.#lists.get(list);
  }

  #append(literal) {
    const utf8 = Buffer.from(literal);
    this.#offsets.set(literal, this.bytes.length);
    this.bytes.push(utf8.length & 0xff, utf8.length >> 8, ...utf8);
  }
}

class Replacer {
  #pool;

  constructor(pool) {
    this.#pool = pool;
  }

  visitChildren(node) {
    for (const [key, child] of Object.entries(node)) {
      // Decorators and paths of imports are the compiler's.
      if (["range", "parent", "decorators", "path"].includes(key)) continue;
      if (Array.isArray(child)) child.forEach((each, at) => (child[at] = this.#visit(each)));
      else node[key] = this.#visit(child);
    }
  }

  #visit(node) {
    if (node === null || typeof node !== "object" || typeof node.kind !== "number" || !node.range) return node;
    const view = textOfView(node);
    if (view !== undefined) return this.#viewOf(view, node.range);
    const string = stringOf(node);
    if (string !== undefined) return expression(`inflated(${this.#pool.offsetOf(string)})`, node.range);
    const list = stringsOf(node);
    if (list) return expression(`inflatedList(${this.#pool.offsetOfList(list)}, ${list.length})`, node.range);
    this.visitChildren(node);
    return node;
  }

  /** A `Bytes` as bytes.ts makes them: length and pointer in one constant. */
  #viewOf(literal, range) {
    const at = this.#pool.offsetOf(literal) + LENGTH_BYTES;
    return expression(`((<u64>${Buffer.byteLength(literal)} << 32) | <u64>(LITERALS + ${at}))`, range);
  }
}

/** What the functions that make a `Bytes` of a literal make of its text. */
const VIEWS = {
  text: (literal) => literal,
  path: (dotted) => dotted.replaceAll(".", "\0"),
  propertyPath: (dotted) => dotted.replaceAll(".", "\0"),
};

/** The text that a call such as `text("…")` is the view of. */
function textOfView(node) {
  if (node.kind !== NodeKind.Call || node.expression.kind !== NodeKind.Identifier) return undefined;
  const literal = node.args.length === 1 ? stringOf(node.args[0]) : undefined;
  const name = node.expression.text;
  return literal !== undefined && Object.hasOwn(VIEWS, name) ? VIEWS[name](literal) : undefined;
}

/** The text of a string literal, one in backquotes without places to fill in among them. */
function stringOf(node) {
  if (node === null || node.kind !== NodeKind.Literal) return undefined;
  if (typeof node.value === "string") return node.value;
  return node.parts?.length === 1 && node.tag === null ? node.parts[0] : undefined;
}

/** The texts of a list of string literals. */
function stringsOf(node) {
  const elements = node.kind === NodeKind.Literal ? (node.elementExpressions ?? []) : [];
  const strings = elements.map(stringOf);
  return strings.length > 0 && !strings.includes(undefined) ? strings : undefined;
}

/** Code as a node that stands where another stood: the compiler asks each node for its file. */
function expression(code, range) {
  const parser = new Parser();
  parser.parseFile(`${code};`, "literals", true);
  const made = parser.sources[0].statements[0].expression;
  place(made, range);
  return made;
}

function place(node, range) {
  if (Array.isArray(node)) return node.forEach((each) => place(each, range));
  if (node === null || typeof node !== "object" || typeof node.kind !== "number" || !node.range) return;
  node.range = range;
  for (const [key, child] of Object.entries(node)) if (key !== "range" && key !== "parent") place(child, range);
}

function declarationOf(source, name) {
  const declarations = source.statements.flatMap((statement) => statement.declarations ?? []);
  return declarations.find((declaration) => declaration.name.text === name);
}
