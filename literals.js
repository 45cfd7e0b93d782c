// Compile-time half of literals: all texts of a module lie once, as UTF-8, in one piece of its data (`LITERALS` of
// assembly/lib/bytes.ts). `text("…")` becomes the constant view of its bytes, and a string literal becomes
// `inflated(offset)`, which makes the string when it is asked for: settings and errors, never a request. As the compiler
// would lay them out, each would be UTF-16 behind an object header, twice to three times as large.
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

  /** Offset of the length. */
  offsetOf(literal) {
    if (!this.#offsets.has(literal)) {
      const utf8 = Buffer.from(literal);
      this.#offsets.set(literal, this.bytes.length);
      this.bytes.push(utf8.length & 0xff, utf8.length >> 8, ...utf8);
    }
    return this.#offsets.get(literal);
  }
}

class Replacer {
  #pool;

  constructor(pool) {
    this.#pool = pool;
  }

  visitChildren(node) {
    for (const [key, child] of Object.entries(node)) {
      // Decorators and paths of imports are the compiler's; a list of literals it lays out itself, as constants.
      if (["range", "parent", "decorators", "path"].includes(key)) continue;
      if (Array.isArray(child)) child.forEach((each, at) => (child[at] = this.#visit(each)));
      else node[key] = this.#visit(child);
    }
  }

  #visit(node) {
    if (node === null || typeof node !== "object" || typeof node.kind !== "number" || !node.range) return node;
    const literal = argumentOfText(node);
    if (literal !== undefined) return this.#viewOf(literal, node.range);
    if (isString(node)) return expression(`inflated(${this.#pool.offsetOf(node.value)})`, node.range);
    if (node.kind === NodeKind.Literal && !isString(node) && node.elementExpressions?.every(isString)) return node;
    this.visitChildren(node);
    return node;
  }

  /** A `Bytes` as bytes.ts makes them: length and pointer in one constant. */
  #viewOf(literal, range) {
    const at = this.#pool.offsetOf(literal) + LENGTH_BYTES;
    return expression(`((<u64>${Buffer.byteLength(literal)} << 32) | <u64>(LITERALS + ${at}))`, range);
  }
}

/** The literal of a call `text("…")`. */
function argumentOfText(node) {
  const isText = node.kind === NodeKind.Call && node.expression.kind === NodeKind.Identifier;
  return isText && node.expression.text === "text" && node.args.length === 1 && isString(node.args[0])
    ? node.args[0].value
    : undefined;
}

function isString(node) {
  return node !== null && node.kind === NodeKind.Literal && typeof node.value === "string";
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
