// Compile-time half of literals: all texts of a module lie in one piece of its data (`LITERALS`
// of assembly/lib/bytes.ts). `text("…")` becomes the constant view of its bytes. A string literal
// becomes `inflated(offset)`, a list of them `inflatedList(offset, count)`, which make the
// strings when they are asked for: settings and errors, never a request. As the compiler would
// lay them out, each would be UTF-16 behind an object header, four times as large as they are
// here, where a byte stands for two that often stand together (byte pair encoding: Gage, "A New
// Algorithm for Data Compression", 1994). Plain JavaScript, since the compiler loads it itself.
import { NodeKind } from "assemblyscript/dist/assemblyscript.js";
import { Transform } from "assemblyscript/dist/transform.js";
import { expression, isNode } from "./syntax.js";

const HOME = "assembly/lib/bytes.ts";

export default class extends Transform {
  afterParse(parser) {
    const sources = parser.sources.filter((source) => !source.isLibrary);
    const home = sources.find((source) => source.normalizedPath === HOME);
    if (!home) return;
    const sites = new Sites();
    for (const source of sources) sites.collect(source);
    const pool = new Pool(sites.views, sites.strings);
    sites.replace(pool);
    for (const [name, bytes] of Object.entries({ LITERALS: pool.bytes, PAIRS: pool.pairs })) {
      const constant = declarationOf(home, name);
      constant.initializer = expression(`memory.data<u8>([${bytes}], 1)`, constant.range);
    }
  }
}

/**
 * The views one behind the other as they are, then the strings: their length, and what expands to
 * it.
 */
class Pool {
  #viewOffsets = new Map();
  #stringOffsets = new Map();

  constructor(views, lists) {
    this.bytes = [];
    for (const view of new Set(views)) {
      this.#viewOffsets.set(view, this.bytes.length);
      this.bytes.push(...Buffer.from(view));
    }
    // Lists first: a literal that is one of their items is there already.
    const distinct = new Map(lists.map((list) => [JSON.stringify(list), list]));
    const ordered = [...distinct.values()].sort((a, b) => b.length - a.length);
    const texts = [];
    const places = new Map();
    for (const list of ordered) {
      if (list.length === 1 && places.has(list[0])) continue;
      list.forEach((each, at) => places.set(each, texts.length + at));
      places.set(JSON.stringify(list), texts.length);
      texts.push(...list);
    }
    const { packed, pairs } = pack(texts.map(asciiOf));
    this.pairs = pairs;
    const offsets = packed.map((bytes, at) => {
      const offset = this.bytes.length;
      this.bytes.push(...lengthBytes(texts[at].length), ...bytes);
      return offset;
    });
    for (const [key, place] of places) this.#stringOffsets.set(key, offsets[place]);
  }

  viewOf(view) {
    return this.#viewOffsets.get(view);
  }

  offsetOf(list) {
    return this.#stringOffsets.get(list.length === 1 ? list[0] : JSON.stringify(list));
  }
}

/** Seven bits a byte, the upper ones first; the first bit says that another byte follows. */
function lengthBytes(length) {
  if (length >= 1 << 14) throw new Error(`a literal of ${length} characters`);
  return length < 128 ? [length] : [0x80 | (length >> 7), length & 0x7f];
}

function asciiOf(text) {
  if (/[^\x00-\x7f]/.test(text))
    throw new Error(`only ASCII can be packed: ${JSON.stringify(text)}`);
  return [...Buffer.from(text)];
}

/** Replaces the most frequent pair of bytes by one byte from 0x80 on, 128 times. */
function pack(packed) {
  const pairs = [];
  for (let code = 0x80; code <= 0xff; code++) {
    const counts = new Map();
    for (const bytes of packed) {
      for (let i = 1; i < bytes.length; i++) {
        const pair = (bytes[i - 1] << 8) | bytes[i];
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
    const [pair, count] = [...counts].reduce(
      (best, each) => (each[1] > best[1] ? each : best),
      [0, 0],
    );
    pairs.push(pair >> 8, pair & 0xff);
    if (count < 2) continue;
    for (const bytes of packed) {
      for (let i = 1; i < bytes.length; i++) {
        if (((bytes[i - 1] << 8) | bytes[i]) === pair) bytes.splice(i - 1, 2, code);
      }
    }
  }
  return { packed, pairs };
}

/** The places of all literals in the syntax trees. */
class Sites {
  #sites = [];

  collect(node) {
    for (const [key, child] of Object.entries(node)) {
      // Decorators and paths of imports are the compiler's.
      if (["range", "parent", "decorators", "path"].includes(key)) continue;
      if (Array.isArray(child)) child.forEach((each, at) => this.#visit(child, at, each));
      else this.#visit(node, key, child);
    }
  }

  #visit(owner, key, node) {
    if (!isNode(node)) return;
    const view = textOfView(node);
    const string = stringOf(node);
    const list = stringsOf(node);
    // The empty string the compiler has anyhow.
    if (string === "") return;
    if (view !== undefined) this.#sites.push({ owner, key, view });
    else if (string !== undefined) this.#sites.push({ owner, key, list: [string] });
    else if (list) this.#sites.push({ owner, key, list, isList: true });
    else this.collect(node);
  }

  get views() {
    return this.#sites.flatMap(({ view }) => (view === undefined ? [] : [view]));
  }

  get strings() {
    return this.#sites.flatMap(({ list }) => (list ? [list] : []));
  }

  replace(pool) {
    for (const { owner, key, view, list, isList } of this.#sites) {
      // A `Bytes` as bytes.ts makes them: length and pointer in one constant.
      const code =
        view !== undefined
          ? `((<u64>${Buffer.byteLength(view)} << 32) | <u64>(LITERALS + ${pool.viewOf(view)}))`
          : isList
            ? `inflatedList(${pool.offsetOf(list)}, ${list.length})`
            : `inflated(${pool.offsetOf(list)})`;
      owner[key] = expression(code, owner[key].range);
    }
  }
}

/** What the functions that make a `Bytes` of a literal make of its text. */
const VIEWS = {
  text: (literal) => literal,
  path: (dotted) => dotted.replaceAll(".", "\0"),
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

function declarationOf(source, name) {
  const declarations = source.statements.flatMap((statement) => statement.declarations ?? []);
  return declarations.find((declaration) => declaration.name.text === name);
}
