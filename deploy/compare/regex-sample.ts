// A text that a regular expression matches, made from the expression itself: the first of each
// choice, once.
import { wholeMatch } from "../native/envoy/regex.ts";

/** Undefined where it is not that simple. */
export function sampleOf(source: string): string | undefined {
  const made = new Sampler(source.replace(/^\(\?i\)/, "")).whole();
  return made !== undefined && wholeMatch(source)?.test(made) ? made : undefined;
}

const classes: Record<string, string> = { d: "1", w: "a", s: " ", D: "a", W: "-", S: "a" };

class Sampler {
  private readonly source: string;
  private at = 0;

  constructor(source: string) {
    this.source = source;
  }

  whole(): string | undefined {
    const made = this.sequence();
    return this.at < this.source.length ? undefined : made;
  }

  /** Up to the end of the group; what follows a `|` is left out. */
  private sequence(): string {
    let made = "";
    let isFirst = true;
    while (this.at < this.source.length && this.source[this.at] !== ")") {
      if (this.source[this.at] === "|") {
        isFirst = false;
        this.at++;
        continue;
      }
      const part = this.atom();
      const times = this.quantifier();
      if (isFirst) made += part.repeat(times);
    }
    return made;
  }

  private atom(): string {
    const letter = this.source[this.at++]!;
    if (letter === "^" || letter === "$") return "";
    if (letter === ".") return "a";
    if (letter === "[") return this.oneOf();
    if (letter === "(") return this.group();
    if (letter !== "\\") return letter;
    const escaped = this.source[this.at++] ?? "";
    return classes[escaped] ?? escaped;
  }

  private group(): string {
    const [flags] = /^\?(?::|P?<\w+>)/.exec(this.source.slice(this.at)) ?? [""];
    this.at += flags.length;
    const made = this.sequence();
    this.at++;
    return made;
  }

  /** The first member of a class; of a negated one a letter that is seldom named. */
  private oneOf(): string {
    const [all, not, body] = /^(\^?)((?:\\.|[^\]\\])+)\]/.exec(this.source.slice(this.at)) ?? [""];
    this.at += Math.max(all.length, 1);
    if (not) return ["a", "0", "-", "~"].find((one) => !body!.includes(one)) ?? "_";
    const [, escape, plain] = /^(?:\\(.)|(.))/.exec(body ?? "") ?? [];
    return escape === undefined ? (plain ?? "") : (classes[escape] ?? escape);
  }

  /** How often at least. */
  private quantifier(): number {
    const [found, least] = /^(?:[*+?]|\{(\d{1,2})(?:,\d*)?\})\??/.exec(
      this.source.slice(this.at),
    ) ?? [""];
    this.at += found.length;
    if (least !== undefined) return Number(least);
    return found.startsWith("*") || found.startsWith("?") ? 0 : 1;
  }
}
