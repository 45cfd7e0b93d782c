// Protobuf messages as people write them in YAML: names in snake_case or camelCase, wrappers as
// bare values, durations as `1.5s` or {seconds, nanos}. What a reader did not ask for is found by
// `unread`.
import type { Path } from "../../core/source.ts";

/**
 * A field that the model does not know, or cannot read: nothing may be concluded from the message.
 */
export class Unmodelled extends Error {
  readonly code = "UNMODELLED";
  readonly path: Path;

  constructor(path: Path, problem: string) {
    super(problem);
    this.path = path;
  }
}

/** What `@type` is called where a TypedStruct or an Any was unpacked. */
const typeNames = new Set(["@type", "type_url", "typeUrl"]);

export class Message {
  readonly path: Path;
  private readonly value: Record<string, unknown>;
  private readonly read = new Set<string>();

  constructor(value: unknown, path: Path) {
    if (value === null || typeof value !== "object" || Array.isArray(value))
      throw new Unmodelled(path, "expected a map");
    this.value = value as Record<string, unknown>;
    this.path = path;
  }

  /** The field's value under either spelling; undefined where it is absent or null. */
  get(name: string): unknown {
    const key = this.key(name);
    this.read.add(key);
    return this.value[key] ?? undefined;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  text(name: string, fallback = ""): string {
    const value = this.get(name);
    if (value === undefined) return fallback;
    if (typeof value === "object") throw this.refuse(name, "expected a text");
    return String(value);
  }

  whole(name: string): number | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (typeof value === "object" || !Number.isSafeInteger(number))
      throw this.refuse(name, "expected a whole number");
    return number;
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.get(name);
    if (value === undefined) return fallback;
    if (typeof value !== "boolean") throw this.refuse(name, "expected true or false");
    return value;
  }

  message(name: string): Message | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : new Message(value, this.at(name));
  }

  list(name: string): Message[] {
    const value = this.get(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw this.refuse(name, "expected a list");
    return value.map((item, index) => new Message(item, [...this.at(name), index]));
  }

  /** Nanoseconds; protobuf's JSON form or its fields. */
  durationNanos(name: string): number | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    if (typeof value === "object") {
      const fields = new Message(value, this.at(name));
      return (fields.whole("seconds") ?? 0) * 1e9 + (fields.whole("nanos") ?? 0);
    }
    const match = /^(\d+(?:\.\d{1,9})?)s$/.exec(String(value));
    if (!match) throw this.refuse(name, "expected a duration such as 60s");
    return Math.round(Number(match[1]) * 1e9);
  }

  /**
   * The one of `names` that is set; undefined if none is. Two are a mistake that protobuf refuses.
   */
  oneOf(names: readonly string[]): string | undefined {
    const set = names.filter((name) => this.has(name));
    if (set.length > 1) throw this.refuse(set[1]!, `${set[0]} is set too`);
    return set[0];
  }

  at(name: string): Path {
    return [...this.path, this.key(name)];
  }

  refuse(name: string, problem: string): Unmodelled {
    return new Unmodelled(name === "" ? this.path : this.at(name), problem);
  }

  /** Keys that nobody asked for. */
  get unread(): string[] {
    return Object.keys(this.value).filter((key) => !this.read.has(key) && !typeNames.has(key));
  }

  /** Refuses the message if a field was left unread: it could mean anything. */
  done(): void {
    const [first] = this.unread;
    if (first !== undefined) throw new Unmodelled([...this.path, first], "is not modelled");
  }

  private key(name: string): string {
    if (name in this.value) return name;
    const camel = name.replaceAll(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
    return camel in this.value ? camel : name;
  }
}
