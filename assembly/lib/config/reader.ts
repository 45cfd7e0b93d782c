// Reads a configuration so that a filter gets either something that cannot be wrong or one line
// that says where it is wrong and what would be right: `/providers/0/issuer: expected a string`.
// The first error wins; after it getters give their fallbacks, so that parsing code needs no
// checks of its own.
//
//   const errors = new ConfigErrors();
//   const at = readConfig(configuration, errors);        // malformed JSON is an error too; empty counts as {}
//   const status = at.integer("status", 400, 599, 429);
//   for (const limits = at.list("limits"), i = 0; …) limits[i].text("name");
//   at.done();                                            // refuses keys that nobody asked for
//   if (errors.any) log(errors.first);
import { Bytes, at, compare, lengthOf, owned, text, toText, utf8, view } from "../bytes";
import { JsonDocument, JsonKind } from "../json/document";
import { describe } from "../json/status";
import { sort } from "../sort";
import { parseDuration } from "../time";
import { Writer, decimal } from "../writer";

/** Configurations are written by people; a megabyte holds an inline key set of a thousand keys. */
export const CONFIG_BYTES_MAX = 2 * 1024 * 1024;

/** The first thing wrong with a configuration. */
@final
export class ConfigErrors {
  /** Empty while nothing is wrong. */
  first: string = "";

  get any(): bool {
    return this.first.length > 0;
  }

  /** Keeps the error unless there was one before. */
  add(pointer: string, message: string): void {
    if (!this.any) this.first = (pointer.length == 0 ? "/" : pointer) + ": " + message;
  }
}

/** The cursor at the root of a configuration. */
export function readConfig(configuration: StaticArray<u8>, errors: ConfigErrors): Cursor {
  const document = new JsonDocument();
  const source = view(configuration);
  document.owner = configuration;
  if (lengthOf(source) == 0) {
    document.parse(EMPTY_OBJECT, CONFIG_BYTES_MAX);
    return new Cursor(document, 0, "", errors);
  }
  if (!document.parse(source, CONFIG_BYTES_MAX)) {
    errors.add(
      "",
      "malformed JSON at byte " + decimal(document.errorOffset) + ": " + describe(document.status),
    );
  } else if (!document.is(0, JsonKind.Object)) {
    errors.add("", "expected an object");
  }
  return new Cursor(document, errors.any ? -1 : 0, "", errors);
}

const EMPTY_OBJECT: Bytes = text("{}");

/**
 * One value of the configuration: an object whose members are asked for by name, or a list item
 * of any kind.
 */
@final
export class Cursor {
  /** Names that were asked for: all others are unknown. */
  private asked: string[] = [];

  constructor(
    readonly document: JsonDocument,
    /** The value's row; -1 for a value that is not there. */
    readonly node: i32,
    /** JSON pointer (RFC 6901) of this value. */
    readonly pointer: string,
    readonly errors: ConfigErrors,
  ) {}

  /** Refuses the member `name` (or this value itself, when empty), saying what would be right. */
  refuse(name: string, message: string): void {
    this.errors.add(
      name.length == 0 ? this.pointer : this.pointer + "/" + escapeStep(name),
      message,
    );
  }

  /** Whether the member is there. */
  has(name: string): bool {
    return this.member(name) >= 0;
  }

  get kind(): JsonKind {
    return this.document.kind(this.node);
  }

  get isObject(): bool {
    return this.document.is(this.node, JsonKind.Object);
  }

  /** A string that must be there. */
  text(name: string): string {
    return toText(view(this.bytes(name)));
  }

  /** A string that may be missing. */
  optionalText(name: string, fallback: string): string {
    if (this.has(name)) return this.text(name);
    return fallback;
  }

  /** A string that must be there, as owned bytes. */
  bytes(name: string): StaticArray<u8> {
    const node = this.required(name, "a string");
    return this.stringAt(node, name);
  }

  /** A string that may be missing, as owned bytes. */
  optionalBytes(name: string, fallback: StaticArray<u8>): StaticArray<u8> {
    if (this.has(name)) return this.bytes(name);
    return fallback;
  }

  /** This value itself as a string (list items). */
  asBytes(): StaticArray<u8> {
    return this.stringAt(this.node, "");
  }

  /** A whole number from `least` to `most`; `fallback` when missing. */
  integer(name: string, least: i64, most: i64, fallback: i64): i64 {
    const node = this.member(name);
    if (node < 0) return fallback;
    const value = this.document.integer(node);
    if (!this.document.is(node, JsonKind.Integer)) this.refuse(name, "expected a whole number");
    else if (value >= least && value <= most) return value;
    else this.refuse(name, "expected a number from " + decimal(least) + " to " + decimal(most));
    return fallback;
  }

  /** As `integer`, but it must be there. */
  requiredInteger(name: string, least: i64, most: i64): i64 {
    this.required(name, "a whole number");
    return this.integer(name, least, most, least);
  }

  /** A number from `least` to `most` with at most two decimals, in hundredths: percentages. */
  hundredths(name: string, least: i32, most: i32, fallback: i32): i32 {
    const node = this.member(name);
    return node < 0 ? fallback : this.hundredthsAt(node, name, least, most, fallback);
  }

  /** This value itself in hundredths. */
  asHundredths(least: i32, most: i32): i32 {
    return this.hundredthsAt(this.node, "", least, most, least);
  }

  /** This value itself as a whole number from `least` to `most`. */
  asInteger(least: i64, most: i64): i64 {
    const value = this.document.integer(this.node);
    if (!this.document.is(this.node, JsonKind.Integer)) this.refuse("", "expected a whole number");
    else if (value >= least && value <= most) return value;
    else this.refuse("", "expected a number from " + decimal(least) + " to " + decimal(most));
    return least;
  }

  private hundredthsAt(node: i32, name: string, least: i32, most: i32, fallback: i32): i32 {
    if (!this.document.is(node, JsonKind.Integer) && !this.document.is(node, JsonKind.Double)) {
      this.refuse(name, "expected a number");
      return fallback;
    }
    const scaled = this.document.number(node) * 100;
    const nearest = Math.round(scaled);
    if (!(scaled >= <f64>least && scaled <= <f64>most)) {
      this.refuse(
        name,
        "expected a number from " + inHundredths(least) + " to " + inHundredths(most),
      );
    } else if (Math.abs(scaled - nearest) > 1e-6) {
      this.refuse(name, "expected at most two decimals");
    } else {
      return <i32>nearest;
    }
    return fallback;
  }

  boolean(name: string, fallback: bool): bool {
    const node = this.member(name);
    if (node < 0) return fallback;
    if (this.document.is(node, JsonKind.Boolean)) return this.document.boolean(node);
    this.refuse(name, "expected true or false");
    return fallback;
  }

  /** A duration such as `500ms`, `10s`, `1h30m`, in nanoseconds. */
  duration(name: string, leastNanos: i64, mostNanos: i64, fallbackNanos: i64): i64 {
    const node = this.member(name);
    if (node < 0) return fallbackNanos;
    const nanos = this.document.is(node, JsonKind.String)
      ? parseDuration(this.document.text(node))
      : -1;
    if (nanos < 0) this.refuse(name, 'expected a duration such as "500ms", "10s", "1m" or "24h"');
    else if (nanos < leastNanos) this.refuse(name, "expected at least " + inSeconds(leastNanos));
    else if (nanos > mostNanos) this.refuse(name, "expected at most " + inSeconds(mostNanos));
    else return nanos;
    return fallbackNanos;
  }

  /** One of `choices`; gives its index. */
  choice(name: string, choices: string[], fallback: i32): i32 {
    const node = this.member(name);
    if (node < 0) return fallback;
    const text = this.document.is(node, JsonKind.String) ? toText(this.document.text(node)) : "";
    const index = choices.indexOf(text);
    if (index < 0) this.refuse(name, "expected one of: " + choices.join(", "));
    return index < 0 ? fallback : index;
  }

  /**
   * Which of the members `names` is there, by its place in the list, for an object has one of
   * them; -1 for none.
   */
  oneOf(names: string[]): i32 {
    let found = -1;
    for (let i = 0; i < names.length; i++) {
      if (!this.has(names[i])) continue;
      if (found >= 0) this.refuse(names[i], "expected only one of: " + names.join(", "));
      else found = i;
    }
    return found;
  }

  /** Which one of the members `names` is there, by its place in the list; -1 after an error. */
  theOnly(names: string[]): i32 {
    let found = -1;
    let count = 0;
    for (let i = 0; i < names.length; i++) {
      if (!this.has(names[i])) continue;
      found = i;
      count++;
    }
    if (count == 1) return found;
    this.refuse("", "expected exactly one of: " + names.join(", "));
    return -1;
  }

  /** The items of a list; none when it is missing. */
  list(name: string): Cursor[] {
    const items: Cursor[] = [];
    const node = this.member(name);
    if (node < 0) return items;
    if (!this.document.is(node, JsonKind.Array)) {
      this.refuse(name, "expected a list");
      return items;
    }
    const pointer = this.pointer + "/" + escapeStep(name);
    for (
      let child = this.document.first(node);
      child >= 0;
      child = this.document.after(child, node)
    ) {
      items.push(
        new Cursor(this.document, child, pointer + "/" + decimal(items.length), this.errors),
      );
    }
    return items;
  }

  /** The strings of a list. */
  texts(name: string): StaticArray<u8>[] {
    const items = this.list(name);
    const texts: StaticArray<u8>[] = [];
    for (let i = 0; i < items.length; i++) texts.push(items[i].asBytes());
    return texts;
  }

  /** A member that is an object; a cursor at nothing when it is missing. */
  object(name: string): Cursor {
    const node = this.member(name);
    const pointer = this.pointer + "/" + escapeStep(name);
    if (node >= 0 && !this.document.is(node, JsonKind.Object))
      this.refuse(name, "expected an object");
    const isObject = node >= 0 && this.document.is(node, JsonKind.Object);
    return new Cursor(this.document, isObject ? node : -1, pointer, this.errors);
  }

  /** The member as a cursor of whatever kind; at nothing when it is missing. */
  value(name: string): Cursor {
    return new Cursor(
      this.document,
      this.member(name),
      this.pointer + "/" + escapeStep(name),
      this.errors,
    );
  }

  /** Refuses a list item that is not an object, so that its members can be asked for. */
  expectObject(): bool {
    if (this.document.is(this.node, JsonKind.Object)) return true;
    this.refuse("", "expected an object");
    return false;
  }

  /**
   * The members of an object whose keys are the user's names, sorted by key: a map's order is
   * lost on the way through Istio. After this call no key of the object
   * is unknown.
   */
  entries(): Entry[] {
    const entries: Entry[] = [];
    const document = this.document;
    if (!this.isObject) return entries; // Items of a list have no keys.
    for (
      let child = document.first(this.node);
      child >= 0;
      child = document.after(child, this.node)
    ) {
      const key = owned(document.key(child));
      const name = toText(view(key));
      this.asked.push(name);
      entries.push(
        new Entry(
          key,
          new Cursor(document, child, this.pointer + "/" + escapeStep(name), this.errors),
        ),
      );
    }
    return sort(entries, (a, b) => compare(view(a.key), view(b.key)));
  }

  /** Refuses every member that was not asked for. Call when all known ones have been read. */
  done(): void {
    const document = this.document;
    if (!document.is(this.node, JsonKind.Object)) return;
    for (
      let child = document.first(this.node);
      child >= 0;
      child = document.after(child, this.node)
    ) {
      const name = toText(document.key(child));
      if (!this.asked.includes(name))
        this.refuse(name, "unknown key; expected one of: " + this.asked.join(", "));
    }
  }

  private member(name: string): i32 {
    if (!this.asked.includes(name)) this.asked.push(name);
    return this.document.find(this.node, view(utf8(name)));
  }

  private required(name: string, what: string): i32 {
    const node = this.member(name);
    if (node < 0 && this.node >= 0) this.refuse(name, "missing; expected " + what);
    return node;
  }

  private stringAt(node: i32, name: string): StaticArray<u8> {
    if (node >= 0 && !this.document.is(node, JsonKind.String))
      this.refuse(name, "expected a string");
    return this.document.is(node, JsonKind.String)
      ? owned(this.document.text(node))
      : new StaticArray<u8>(0);
  }
}

/** One member of a map. */
@final
export class Entry {
  constructor(
    readonly key: StaticArray<u8>,
    readonly at: Cursor,
  ) {}
}

const TILDE: u8 = 0x7e;
const SLASH: u8 = 0x2f;
const TILDE_ESCAPE = text("~0");
const SLASH_ESCAPE = text("~1");

const step = new Writer(2 * CONFIG_BYTES_MAX);

/** RFC 6901 section 3. */
function escapeStep(name: string): string {
  const bytes = view(utf8(name));
  step.reset();
  for (let i = 0; i < lengthOf(bytes); i++) {
    const byte = at(bytes, i);
    if (byte == TILDE) step.bytes(TILDE_ESCAPE);
    else if (byte == SLASH) step.bytes(SLASH_ESCAPE);
    else step.byte(byte);
  }
  return toText(step.view());
}

/** A number of hundredths as text: "12.50" or "7". */
export function inHundredths(value: i32): string {
  const cents = value % 100;
  return decimal(value / 100) + (cents == 0 ? "" : (cents < 10 ? ".0" : ".") + decimal(cents));
}

function inSeconds(nanos: i64): string {
  return nanos % 1_000_000_000 == 0
    ? decimal(nanos / 1_000_000_000) + "s"
    : decimal(nanos / 1_000_000) + "ms";
}
