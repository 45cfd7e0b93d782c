// Turns `text("…")` and `path("…")` into constants: the UTF-8 bytes lie in the module's data, so a
// literal needs no allocation and no code at start. Plain JavaScript, since the compiler loads it.
import { NodeKind } from "assemblyscript/dist/assemblyscript.js";
import { Transform } from "assemblyscript/dist/transform.js";
import { expression, isNode } from "./syntax.js";

/** The functions of assembly/lib/bytes.ts that take a literal, and what becomes of its text. */
const constants = {
  text: (literal) => literal,
  path: (dotted) => dotted.replaceAll(".", "\0"),
};

export default class extends Transform {
  afterParse(parser) {
    for (const source of parser.sources) if (!source.isLibrary) replaceIn(source);
  }
}

function replaceIn(node) {
  for (const [key, child] of Object.entries(node)) {
    // Decorators and import paths belong to the compiler; `range` and `parent` lead out of the
    // tree.
    if (["range", "parent", "decorators", "path"].includes(key)) continue;
    if (Array.isArray(child)) child.forEach((item, at) => replaceAt(child, at, item));
    else replaceAt(node, key, child);
  }
}

function replaceAt(owner, key, node) {
  if (!isNode(node)) return;
  const content = constantOf(node);
  if (content === undefined) replaceIn(node);
  else owner[key] = expression(viewOf(Buffer.from(content)), node.range);
}

/** A `Bytes` as assembly/lib/bytes.ts packs it: length in the upper half, pointer in the lower. */
function viewOf(bytes) {
  if (bytes.length === 0) return "(<u64>0)";
  return `((<u64>${bytes.length} << 32) | <u64>memory.data<u8>([${[...bytes]}], 1))`;
}

/** The text that a call such as `text("…")` stands for; undefined for every other node. */
function constantOf(node) {
  if (node.kind !== NodeKind.Call || node.expression.kind !== NodeKind.Identifier) return undefined;
  const name = node.expression.text;
  const literal = node.args.length === 1 ? stringOf(node.args[0]) : undefined;
  return literal !== undefined && Object.hasOwn(constants, name)
    ? constants[name](literal)
    : undefined;
}

/** The text of a string literal, also of one in backquotes without places to fill in. */
function stringOf(node) {
  if (node.kind !== NodeKind.Literal) return undefined;
  if (typeof node.value === "string") return node.value;
  return node.parts?.length === 1 && node.tag === null ? node.parts[0] : undefined;
}
