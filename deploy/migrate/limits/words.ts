// Regular expressions (RE2) for "one of these texts" and for "none of them".
import { escapedRegex } from "../../native/envoy/regex.ts";

export function anyOf(texts: readonly string[]): string {
  return texts.map(escapedRegex).join("|");
}

interface Node {
  isEnd: boolean;
  next: Map<string, Node>;
}

/**
 * Every text but these, without look-around: walks the tree of the texts and leaves it at each
 * step. Its size is that of the texts.
 */
export function anyBut(texts: readonly string[]): string {
  const root: Node = { isEnd: false, next: new Map() };
  for (const text of texts) {
    let node = root;
    for (const letter of text) {
      const known = node.next.get(letter) ?? { isEnd: false, next: new Map() };
      node.next.set(letter, known);
      node = known;
    }
    node.isEnd = true;
  }
  return outside(root);
}

/** What may follow at a node so that the whole is none of the texts. */
function outside({ isEnd, next }: Node): string {
  const letters = [...next.keys()];
  const other = letters.length === 0 ? ".+" : `[^${letters.map(inClass).join("")}].*`;
  const deeper = letters.map((letter) => `${escapedRegex(letter)}(${outside(next.get(letter)!)})`);
  return [...(isEnd ? [] : [""]), other, ...deeper].join("|");
}

function inClass(letter: string): string {
  return letter.replace(/[\]\\^-]/, "\\$&");
}
