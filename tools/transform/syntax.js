// Making syntax nodes out of text, for the compiler's transforms beside this file.
import { Parser } from "assemblyscript/dist/assemblyscript.js";

/**
 * The one statement of `code`, placed where `range` is: the compiler asks each node for its file.
 */
export function statement(code, range) {
  const parser = new Parser();
  parser.parseFile(code, "syntax", true);
  return placed(parser.sources[0].statements[0], range);
}

/** The expression `code`, placed likewise. */
export function expression(code, range) {
  return statement(`${code};`, range).expression;
}

/** Whether `value` is a node of the syntax tree. */
export function isNode(value) {
  return (
    value !== null &&
    typeof value === "object" &&
    typeof value.kind === "number" &&
    value.range !== undefined
  );
}

function placed(node, range) {
  if (Array.isArray(node)) for (const each of node) placed(each, range);
  if (!isNode(node)) return node;
  node.range = range;
  for (const [key, child] of Object.entries(node))
    if (key !== "range" && key !== "parent") placed(child, range);
  return node;
}
