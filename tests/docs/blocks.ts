// The code blocks of a Markdown page. A block `sh` runs as it is; the `text` block that follows it
// is what it prints, where a line `…` stands for any lines and `…` inside a line for any text.
// `sh cluster` needs a cluster, `sh terminal` a person or the network: those are only read.

export interface Block {
  /** What stands behind the fence: `sh`, `sh cluster`, `text`, `yaml`. */
  info: string;
  text: string;
  /** Line of the fence, from one. */
  line: number;
}

export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | undefined;
  for (const [at, line] of page.split("\n").entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (!fence) {
      if (open) open.text += `${line}\n`;
    } else if (open) {
      blocks.push(open);
      open = undefined;
    } else open = { info: fence[1]!.trim(), text: "", line: at + 1 };
  }
  return blocks;
}

/** True if `actual` is what the block promises. */
export function isAsPromised(actual: string, promised: string): boolean {
  const quoted = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  const pattern = promised
    .trimEnd()
    .split("\n")
    .map((line) => (line === "…" ? "(?:.*\n)*?" : `${line.split("…").map(quoted).join(".*")}\n`))
    .join("");
  return new RegExp(`^${pattern}$`).test(`${actual.trimEnd()}\n`);
}
