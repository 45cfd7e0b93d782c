// Writes unicode-tables.ts from the Unicode data of JavaScript's own regular expressions (the pinned Node):
// general categories as runs, and simple case folding as the mapping of each character to the next of its orbit.
//
//   node assembly/lib/regex/unicode-tables.gen.ts          writes the file
//   generate()                                             gives its text (the freshness test compares)
//
// Node, not AssemblyScript: it lies here because it is the source of its neighbour.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const LAST = 0x10ffff;

/** The leaf categories in the order of their numbers in the table; 0 is unassigned. */
export const CATEGORIES = [
  ...[
    "Cn",
    "Lu",
    "Ll",
    "Lt",
    "Lm",
    "Lo",
    "Mn",
    "Mc",
    "Me",
    "Nd",
    "Nl",
    "No",
    "Pc",
    "Pd",
    "Ps",
    "Pe",
    "Pi",
    "Pf",
    "Po",
  ],
  ...["Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Co", "Cs"],
];

function categoryOfAll(): Uint8Array {
  const result = new Uint8Array(LAST + 1);
  CATEGORIES.forEach((name, number) => {
    const pattern = new RegExp(`^\\p{${name}}$`, "u");
    for (let c = 0; c <= LAST; c++) if (pattern.test(String.fromCodePoint(c))) result[c] = number;
  });
  return result;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
}

/** A run is one byte, category | length << 5, for lengths 1 to 7; length code 0 means a varint of (length - 8) follows. */
function runs(categories: Uint8Array): number[] {
  const bytes: number[] = [];
  for (let start = 0; start <= LAST;) {
    let end = start;
    while (end <= LAST && categories[end] === categories[start]) end++;
    const length = end - start;
    if (length < 8) bytes.push(categories[start]! | (length << 5));
    else bytes.push(categories[start]!, ...varint(length - 8));
    start = end;
  }
  return bytes;
}

/** Characters that match each other under the flags "iu", each class in ascending order. */
function orbits(): number[][] {
  const single = (text: string) => ([...text].length === 1 ? [text.codePointAt(0)!] : []);
  const byUpper = new Map<string, number[]>();
  const parent = new Map<number, number>();
  const rootOf = (c: number): number => (parent.has(c) ? rootOf(parent.get(c)!) : c);
  const join = (a: number, b: number) => {
    const [low, high] = [rootOf(a), rootOf(b)].sort((x, y) => x - y) as [number, number];
    if (low !== high) parent.set(high, low);
  };
  for (let c = 0; c <= LAST; c++) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    const text = String.fromCodePoint(c);
    const upper = text.toUpperCase();
    const lower = text.toLowerCase();
    if (upper === text && lower === text) continue;
    const mates = [
      ...single(upper),
      ...single(lower),
      ...single(upper.toLowerCase()),
      ...(byUpper.get(upper) ?? []),
    ];
    byUpper.set(upper, [...(byUpper.get(upper) ?? []), c]);
    const folds = new RegExp(`^\\u{${c.toString(16)}}$`, "iu");
    for (const mate of mates)
      if (mate !== c && folds.test(String.fromCodePoint(mate))) join(c, mate);
  }
  const classes = new Map<number, number[]>();
  for (const c of [...parent.keys()].sort((a, b) => a - b)) {
    const root = rootOf(c);
    classes.set(root, [...(classes.get(root) ?? [root]), c]);
  }
  return [...classes.values()];
}

interface Fold {
  low: number;
  high: number;
  /** 0: even to the next odd and back; -1: odd to the next even and back; else zigzag(delta). */
  code: number;
}

/** The mapping of every folding character to the next of its orbit, as ranges of like mappings. */
function folds(): Fold[] {
  const next = new Map<number, number>();
  for (const orbit of orbits())
    orbit.forEach((c, i) => next.set(c, orbit[(i + 1) % orbit.length]!));
  const characters = [...next.keys()].sort((a, b) => a - b);
  const paired = (c: number) => next.get(c) === c + 1 && next.get(c + 1) === c;
  const result: Fold[] = [];
  for (let i = 0; i < characters.length;) {
    const low = characters[i]!;
    let high = low;
    if (paired(low)) {
      while (paired(high + 2)) high += 2;
      result.push({ low, high: high + 1, code: low % 2 === 0 ? 0 : -1 });
      i += high + 2 - low;
      continue;
    }
    const delta = next.get(low)! - low;
    while (next.get(high + 1) === high + 1 + delta && !paired(high + 1)) high++;
    result.push({ low, high, code: delta > 0 ? delta * 2 : -delta * 2 - 1 });
    i += high + 1 - low;
  }
  return result;
}

function foldBytes(): number[] {
  let position = 0;
  return folds().flatMap(({ low, high, code }) => {
    const bytes = [...varint(low - position), ...varint(high - low), ...varint(code + 1)];
    position = high;
    return bytes;
  });
}

/** The items of a list literal, in lines under 100 columns. */
function rows(items: string[]): string {
  const lines: string[] = [];
  let line = " ";
  for (const item of items) {
    if (line.length + item.length + 2 > 99) {
      lines.push(line);
      line = " ";
    }
    line += ` ${item},`;
  }
  return [...lines, line].join("\n");
}

export function generate(): string {
  const categories = runs(categoryOfAll());
  const folding = foldBytes();
  return `// Generated by unicode-tables.gen.ts from Unicode ${process.versions.unicode}: do not edit.
// Their encodings are described in unicode.ts, which reads them.

/** The leaf categories by their numbers in CATEGORY_RUNS. */
// prettier-ignore
export const CATEGORY_NAMES: string[] = [
${rows(CATEGORIES.map((name) => `"${name}"`))}
];

/** General categories as runs, from U+0000 on. */
// prettier-ignore
export const CATEGORY_RUNS: usize = memory.data<u8>([
${rows(categories.map(String))}
]);

export const CATEGORY_RUNS_LENGTH: i32 = ${categories.length};

/** Ranges of characters that fold, each with the way to the next character of the orbit. */
// prettier-ignore
export const FOLDS: usize = memory.data<u8>([
${rows(folding.map(String))}
]);

export const FOLDS_LENGTH: i32 = ${folding.length};
`;
}

if (import.meta.main) writeFileSync(join(import.meta.dirname, "unicode-tables.ts"), generate());
