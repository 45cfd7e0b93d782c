// What every text that matches has to hold: looked for before a value is walked, it spares most
// values the walk.
import { Node, NodeKind } from "./node";

const ASCII_LAST: u32 = 0x7f;

/**
 * The longest run of ASCII characters that a pattern takes one after the other, wherever they
 * lie; empty when none is sure.
 */
export function requiredIn(tree: Node): StaticArray<u8> {
  const children = tree.children;
  const count = tree.kind == NodeKind.Concat ? children.length : 0;
  let end = 0;
  let length = 0;
  for (let i = 0, run = 0; i < count; i++) {
    run = isAscii(unchecked(children[i])) ? run + 1 : 0;
    if (run <= length) continue;
    length = run;
    end = i + 1;
  }
  const required = new StaticArray<u8>(length);
  for (let i = length; i > 0; i--) {
    unchecked((required[length - i] = <u8>children[end - i].ranges.low(0)));
  }
  return required;
}

/** Whether a node takes one certain ASCII character. */
function isAscii(node: Node): bool {
  const ranges = node.ranges;
  if (node.kind != NodeKind.Class || ranges.length != 1) return false;
  const low = ranges.low(0);
  return low <= ASCII_LAST && low == ranges.high(0);
}
