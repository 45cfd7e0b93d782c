// A typed walk over the user's YAML: where a value is, what it is, and what became of it. Nothing
// outside this file and the parser handles a value whose type is not proved.
import type { Place } from "../core/problem.ts";
import type { Manifest, Path } from "../core/source.ts";
import type { Outcome, Report } from "./report.ts";

export class Cursor {
  readonly manifest: Manifest;
  readonly path: Path;
  /** As written; undefined where there is nothing. */
  readonly raw: unknown;
  private readonly report: Report;

  private constructor(manifest: Manifest, report: Report, path: Path, raw: unknown) {
    this.manifest = manifest;
    this.report = report;
    this.path = path;
    this.raw = raw;
  }

  /** The root of a document. */
  static of(manifest: Manifest, report: Report): Cursor {
    return new Cursor(manifest, report, [], manifest.value);
  }

  /**
   * The value below, there or not. Protobuf's two spellings are one: `statPrefix` finds
   * `stat_prefix` too.
   */
  at(...steps: (string | number)[]): Cursor {
    return steps.reduce<Cursor>((cursor, step) => cursor.step(step), this);
  }

  get exists(): boolean {
    return this.raw !== undefined && this.raw !== null;
  }
  get position(): Place {
    return this.manifest.place(this.path);
  }

  get text(): string | undefined {
    return typeof this.raw === "string" ? this.raw : undefined;
  }
  get number(): number | undefined {
    return typeof this.raw === "number" ? this.raw : undefined;
  }
  get boolean(): boolean | undefined {
    return typeof this.raw === "boolean" ? this.raw : undefined;
  }
  /** A scalar as text: YAML reads `8080` and `true` in a list of texts as something else. */
  get scalar(): string | undefined {
    const isScalar =
      typeof this.raw === "string" || typeof this.raw === "number" || typeof this.raw === "boolean";
    return isScalar ? String(this.raw) : undefined;
  }
  get isMap(): boolean {
    return this.raw !== null && typeof this.raw === "object" && !Array.isArray(this.raw);
  }

  /** The items of a list; none for anything else. */
  get items(): Cursor[] {
    return Array.isArray(this.raw) ? this.raw.map((_item, index) => this.step(index)) : [];
  }
  /** The items that are scalars, as texts. */
  get texts(): string[] {
    return this.items.flatMap((item) => item.scalar ?? []);
  }
  get keys(): string[] {
    return this.isMap ? Object.keys(this.raw as object) : [];
  }
  get entries(): [string, Cursor][] {
    return this.keys.map((key) => [key, this.step(key)]);
  }

  /** The same in other words. */
  carried(note: string): void {
    this.say("carried", note);
  }
  /** Not quite the same. */
  changed(note: string): void {
    this.say("changed", note);
  }
  /** It stays where it is, and goes on working. */
  kept(note: string): void {
    this.say("kept", note);
  }
  notPossible(note: string): void {
    this.say("lost", note);
  }

  private say(outcome: Outcome, note: string): void {
    this.report.record({ manifest: this.manifest, path: this.path, outcome, note });
  }

  private step(step: string | number): Cursor {
    const holder =
      this.raw !== null && typeof this.raw === "object"
        ? (this.raw as Record<string, unknown>)
        : {};
    const key =
      typeof step === "string" && !Object.hasOwn(holder, step) ? otherSpelling(holder, step) : step;
    const value = Object.hasOwn(holder, key) ? holder[key] : undefined;
    return new Cursor(this.manifest, this.report, [...this.path, key], value);
  }
}

function otherSpelling(holder: Record<string, unknown>, name: string): string {
  const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const camel = name.replaceAll(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
  return [snake, camel].find((spelling) => Object.hasOwn(holder, spelling)) ?? name;
}
