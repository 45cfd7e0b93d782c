// Compile-time half of `text("…")` (assembly/lib/bytes.ts): the literal becomes UTF-8 in the module's data, and the call
// the constant view of it. A string literal would lie there as UTF-16 behind an object header, and be copied at start.
// Plain JavaScript, since the compiler loads it itself.
import { NodeKind, Parser } from "assemblyscript/dist/assemblyscript.js";
import { Transform } from "assemblyscript/dist/transform.js";

export default class extends Transform {
  afterParse(parser) {
    for (const source of parser.sources) if (!source.isLibrary) replaceIn(source);
  }
}

/** Replaces the calls among a node's children, and theirs. */
function replaceIn(node) {
  for (const [key, child] of Object.entries(node)) {
    if (key === "range" || key === "parent") continue;
    if (Array.isArray(child)) child.forEach((each, at) => (child[at] = visited(each)));
    else node[key] = visited(child);
  }
}

function visited(node) {
  if (node === null || typeof node !== "object" || typeof node.kind !== "number" || !node.range) return node;
  const literal = literalOf(node);
  if (literal !== undefined) return viewOf(literal);
  replaceIn(node);
  return node;
}

/** The text of a call `text("…")`. */
function literalOf(node) {
  if (node.kind !== NodeKind.Call || node.args.length !== 1) return undefined;
  const { expression, args } = node;
  const isText = expression.kind === NodeKind.Identifier && expression.text === "text";
  return isText && args[0].kind === NodeKind.Literal && typeof args[0].value === "string" ? args[0].value : undefined;
}

/** A `Bytes` as bytes.ts makes them: length and pointer in one constant. */
function viewOf(literal) {
  const utf8 = [...Buffer.from(literal)];
  const parser = new Parser();
  parser.parseFile(`((<u64>${utf8.length} << 32) | <u64>memory.data<u8>([${utf8}], 1));`, "literals", true);
  const statement = parser.sources[0].statements[0];
  return statement.expression;
}
