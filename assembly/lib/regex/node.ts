// The syntax tree of a pattern. Groups leave no trace: whether a text matches does not depend on
// captures, nor on greedy or lazy repetition.
import { CodeRanges } from "./code-ranges";

export const enum NodeKind {
  /** Matches the empty text. */
  Empty = 0,
  /** Matches one character of `ranges`; none when they are empty. */
  Class = 1,
  /** Matches `children` one after the other. */
  Concat = 2,
  /** Matches one of `children`. */
  Alternate = 3,
  /** Matches `children[0]` from `min` to `max` times; `max` -1: without limit. */
  Repeat = 4,
  /** Matches the empty text where `assert` holds. */
  Assert = 5,
}

/**
 * Where an assertion holds, as bits: several hold at one place. Those from EndText on need the
 * next byte.
 */
export const enum Assert {
  BeginText = 1,
  BeginLine = 2,
  EndText = 4,
  EndLine = 8,
  WordBoundary = 16,
  NotWordBoundary = 32,
}


@final
export class Node {
  kind: NodeKind;
  ranges: CodeRanges = NO_RANGES;
  children: Array<Node> = NO_CHILDREN;
  min: i32 = 0;
  max: i32 = 0;
  assert: Assert = Assert.BeginText;
  /** The largest product of nested counted repetitions below here. */
  weight: i32 = 1;

  constructor(kind: NodeKind) {
    this.kind = kind;
  }

  static of(ranges: CodeRanges): Node {
    const node = new Node(NodeKind.Class);
    node.ranges = ranges;
    return node;
  }

  static at(assert: Assert): Node {
    const node = new Node(NodeKind.Assert);
    node.assert = assert;
    return node;
  }

  /** A node over `children`; the one child itself where there is but one. */
  static over(kind: NodeKind, children: Array<Node>): Node {
    if (children.length == 0) return new Node(NodeKind.Empty);
    if (children.length == 1) return children[0];
    const node = new Node(kind);
    node.children = children;
    for (let i = 0; i < children.length; i++) node.weight = max(node.weight, children[i].weight);
    return node;
  }

  static repeat(child: Node, min: i32, max: i32): Node {
    if (max == 0) return new Node(NodeKind.Empty);
    const node = new Node(NodeKind.Repeat);
    node.children = [child];
    node.min = min;
    node.max = max;
    const times = max < 0 ? min : max;
    node.weight = times > 1 ? child.weight * times : child.weight;
    return node;
  }
}

const NO_RANGES = new CodeRanges();
const NO_CHILDREN: Array<Node> = [];
