// Says in other words what the compiler would make more code of than is needed. What a module does is the same.
// Plain JavaScript, since the compiler loads it itself.
import { NodeKind, Parser } from "assemblyscript/dist/assemblyscript.js";
import { Transform } from "assemblyscript/dist/transform.js";

export default class extends Transform {
  afterParse(parser) {
    for (const source of parser.sources) if (!source.isLibrary) visit(source);
  }
}

function visit(node) {
  if (Array.isArray(node)) return node.forEach(visit);
  if (node === null || typeof node !== "object" || typeof node.kind !== "number" || !node.range) return;
  if (isEmptyList(node.initializer) && node.type) makeList(node);
  for (const [key, child] of Object.entries(node)) if (!["range", "parent", "decorators"].includes(key)) visit(child);
}

function isEmptyList(node) {
  return node?.kind === NodeKind.Literal && node.elementExpressions?.length === 0;
}

/** `names: string[] = []`, whose list would be copied from one of nothing in the data: a segment of its own for each. */
function makeList(node) {
  const code = `emptyList<${node.type.range.toString()}>();`;
  node.initializer = placed(parsed(code).expression, node.initializer.range);
}

/** The one statement of `code`. */
function parsed(code) {
  const parser = new Parser();
  parser.parseFile(code, "leaner", true);
  return parser.sources[0].statements[0];
}

/** Puts new nodes where another stood: the compiler asks each node for its file. */
function placed(node, range) {
  if (Array.isArray(node)) node.forEach((each) => placed(each, range));
  if (node === null || typeof node !== "object" || typeof node.kind !== "number" || !node.range) return node;
  node.range = range;
  for (const [key, child] of Object.entries(node)) if (key !== "range" && key !== "parent") placed(child, range);
  return node;
}
