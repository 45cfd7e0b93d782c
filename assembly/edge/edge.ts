// The contexts of the composed module. Each holds one context of every filter that takes part and
// passes the host's callbacks on to them.
import { HeaderAction, Root, Stream } from "../host/context";
import { monotonicNanos } from "../host/clock";
import { LogLevel, log } from "../host/log";
import { Status } from "../host/status";
import { setHostTickPeriod } from "../host/tick";
import { toText } from "../lib/bytes";
import { ConfigErrors } from "../lib/config/reader";
import { readSections } from "./config";
import { PARTS, Part, createPart, nameOf } from "./parts";
import { Schedule } from "./schedule";

/** The root and the part whose code runs: what a part asks of the host, it asks for these. */
let rootAtHand: EdgeRoot | null = null;
let partAtHand: i32 = 0;

/** Ticks for the part at hand, of the root at hand or of the one given. */
export function scheduleTicks(other: EdgeRoot | null, millis: u32): Status {
  const root = other === null ? rootAtHand : other;
  return root === null ? Status.Ok : root.schedulePart(partAtHand, millis);
}


@final
export class EdgeStream extends Stream {
  /** The streams of the parts; null for a part that has no settings. */
  private readonly streams: StaticArray<Stream | null> = new StaticArray<Stream | null>(PARTS);
  /** The part that sees the request next. */
  private next: i32 = 0;
  private endOfStream: bool = false;

  /** Takes over the parts of a root; called when the object is made and after new settings. */
  private adopt(root: EdgeRoot): void {
    for (let part = 0; part < PARTS; part++) {
      const owner = root.part(part);
      const stream = unchecked(this.streams[part]);
      if (owner === null) {
        unchecked((this.streams[part] = null));
      } else if (stream === null || stream.root !== owner) {
        const made = owner.createStream();
        made.root = owner;
        unchecked((this.streams[part] = made));
      }
    }
  }

  open(): void {
    const root = changetype<EdgeRoot>(this.root);
    this.adopt(root);
    this.next = 0;
    for (let part = 0; part < PARTS; part++) {
      const stream = unchecked(this.streams[part]);
      if (stream === null) continue;
      stream.id = this.id;
      stream.open();
    }
  }

  onRequestHeaders(endOfStream: bool): HeaderAction {
    this.endOfStream = endOfStream;
    return this.advance();
  }

  /** Gives the request to the parts that have not seen it, until one stops it. */
  advance(): HeaderAction {
    const root = rootAtHand;
    const part = partAtHand;
    let action = HeaderAction.Continue;
    while (this.next < PARTS && action == HeaderAction.Continue) {
      const stream = unchecked(this.streams[this.next]);
      this.turnTo(this.next++);
      if (stream !== null) action = stream.onRequestHeaders(this.endOfStream);
    }
    rootAtHand = root;
    partAtHand = part;
    return action;
  }

  private turnTo(part: i32): void {
    rootAtHand = changetype<EdgeRoot>(this.root);
    partAtHand = part;
  }

  /** Responses pass the chain the other way. */
  onResponseHeaders(endOfStream: bool): HeaderAction {
    for (let part = PARTS - 1; part >= 0; part--) {
      const stream = unchecked(this.streams[part]);
      this.turnTo(part);
      if (stream !== null) stream.onResponseHeaders(endOfStream);
    }
    return HeaderAction.Continue;
  }

  onRequestBody(endOfStream: bool): void {
    for (let part = 0; part < PARTS; part++) {
      const stream = unchecked(this.streams[part]);
      this.turnTo(part);
      if (stream !== null) stream.onRequestBody(endOfStream);
    }
  }

  onResponseTrailers(): void {
    for (let part = PARTS - 1; part >= 0; part--) {
      const stream = unchecked(this.streams[part]);
      this.turnTo(part);
      if (stream !== null) stream.onResponseTrailers();
    }
  }

  onLog(): void {
    for (let part = 0; part < PARTS; part++) {
      const stream = unchecked(this.streams[part]);
      this.turnTo(part);
      if (stream !== null) stream.onLog();
    }
  }

  close(): void {
    for (let part = 0; part < PARTS; part++) {
      const stream = unchecked(this.streams[part]);
      this.turnTo(part);
      if (stream !== null) stream.close();
    }
  }
}


@final
export class EdgeRoot extends Root {
  private parts: StaticArray<Root | null> = new StaticArray<Root | null>(PARTS);
  private schedule: Schedule = new Schedule(PARTS);
  private hostMillis: u32 = 0;

  part(part: i32): Root | null {
    return unchecked(this.parts[part]);
  }

  createStream(): Stream {
    return new EdgeStream();
  }

  /** All sections are accepted, or none: the settings before stay in force as a whole. */
  configure(configuration: StaticArray<u8>): bool {
    const errors = new ConfigErrors();
    const sections = readSections(configuration, errors);
    if (errors.any) {
      log(LogLevel.Error, "edge: configuration refused: " + errors.first);
      return false;
    }
    const before = this.schedule;
    this.schedule = new Schedule(PARTS);
    const parts = this.configured(sections);
    if (parts === null) {
      this.schedule = before;
      return false;
    }
    const old = this.parts;
    this.parts = parts;
    for (let part = 0; part < PARTS; part++) closePart(this, part, old[part], parts[part]);
    return this.askForTicks() == Status.Ok;
  }

  /** New roots of the parts that have a section; null when one refuses its own. */
  private configured(
    sections: StaticArray<StaticArray<u8> | null>,
  ): StaticArray<Root | null> | null {
    const parts = new StaticArray<Root | null>(PARTS);
    for (let part = 0; part < PARTS; part++) {
      const section = sections[part];
      if (section === null) continue;
      const root = createPart(part);
      root.id = this.id;
      this.turnTo(part);
      if (!root.configure(section)) {
        log(LogLevel.Error, "edge: configuration refused: /" + toText(nameOf(part)));
        return null;
      }
      parts[part] = root;
    }
    return parts;
  }

  private turnTo(part: i32): void {
    rootAtHand = this;
    partAtHand = part;
  }

  schedulePart(part: i32, millis: u32): Status {
    this.schedule.set(part, millis, monotonicNanos());
    return this.askForTicks();
  }

  private askForTicks(): Status {
    const millis = this.schedule.hostMillis;
    if (millis == this.hostMillis) return Status.Ok;
    this.hostMillis = millis;
    return setHostTickPeriod(millis);
  }

  onTick(): void {
    const now = monotonicNanos();
    for (let part = 0; part < PARTS; part++) {
      const root = unchecked(this.parts[part]);
      if (root === null || !this.schedule.take(part, now)) continue;
      this.turnTo(part);
      root.onTick();
    }
  }

  /** Tokens are the host's, and never used twice: a part passes over those it did not start. */
  onCallAnswer(token: u32, headers: i32, bodyBytes: i32, trailers: i32): void {
    for (let part = 0; part < PARTS; part++) {
      const root = unchecked(this.parts[part]);
      if (root === null) continue;
      this.turnTo(part);
      root.onCallAnswer(token, headers, bodyBytes, trailers);
    }
  }

  close(successor: Root | null): void {
    for (let part = 0; part < PARTS; part++) {
      let next: Root | null = null;
      if (successor !== null) next = changetype<EdgeRoot>(successor).part(part);
      closePart(this, part, this.parts[part], next);
    }
  }
}

function closePart(owner: EdgeRoot, part: i32, root: Root | null, successor: Root | null): void {
  if (root === null) return;
  rootAtHand = owner;
  partAtHand = part;
  root.close(successor);
}
