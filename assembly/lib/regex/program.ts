// A compiled pattern: a nondeterministic automaton over bytes, and the classes of bytes that it
// never tells apart.
//
//   Bytes  a = first transition, b = number of them     transition: low byte | high byte << 8 | next state << 16
//   Split  a, b = next states
//   Assert a = next state, b = Assert bits
//   Match
import { Assert } from "./node";

/**
 * States of a program: 16 bits name one, and a match costs at most one visit to each state per
 * byte.
 */
export const STATES_MAX = 10000;

/** Transitions of all states together. */
export const TRANSITIONS_MAX = 65536;

export const enum StateKind {
  Bytes = 0,
  Split = 1,
  Assert = 2,
  Match = 3,
}


@final
export class Program {
  /** Where matching begins. */
  start: i32 = 0;
  classCount: i32 = 0;
  /** Bytes that every match holds; empty when none are known. */
  required: StaticArray<u8> = new StaticArray<u8>(0);
  /** Byte → class. */
  readonly classes: StaticArray<u8> = new StaticArray<u8>(256);
  /** Class → one of its bytes. */
  readonly samples: StaticArray<u8> = new StaticArray<u8>(256);

  constructor(
    readonly kinds: StaticArray<u32>,
    readonly a: StaticArray<u32>,
    readonly b: StaticArray<u32>,
    readonly transitions: StaticArray<u32>,
  ) {
    this.findClasses();
  }

  get length(): i32 {
    return this.kinds.length;
  }

  /** The state behind `byte` from a Bytes state, or -1. */
  step(state: i32, byte: u8): i32 {
    const transitions = this.transitions;
    let index = unchecked(this.a[state]);
    for (const end = index + unchecked(this.b[state]); index < end; index++) {
      const transition = unchecked(transitions[index]);
      if (byte < <u8>transition) return -1;
      if (byte <= <u8>(transition >> 8)) return <i32>(transition >> 16);
    }
    return -1;
  }

  /** Cuts the bytes where some transition or assertion begins or ends. */
  private findClasses(): void {
    const begins = new StaticArray<bool>(257);
    for (let i = 0; i < this.transitions.length; i++) {
      begins[<u8>this.transitions[i]] = true;
      begins[<i32>(<u8>(this.transitions[i] >> 8)) + 1] = true;
    }
    for (let state = 0; state < this.length; state++) {
      if (this.kinds[state] == StateKind.Assert) cutForAssert(begins, this.b[state]);
    }
    let current = 0;
    this.samples[0] = 0;
    for (let byte = 0; byte < 256; byte++) {
      if (byte > 0 && begins[byte]) this.samples[++current] = <u8>byte;
      this.classes[byte] = <u8>current;
    }
    this.classCount = current + 1;
  }
}

function cutForAssert(begins: StaticArray<bool>, assert: u32): void {
  if (assert & (Assert.BeginLine | Assert.EndLine)) {
    begins[0x0a] = true;
    begins[0x0b] = true;
  }
  if (assert & (Assert.WordBoundary | Assert.NotWordBoundary)) {
    for (let byte = 1; byte < 256; byte++) {
      if (isWord(<u8>byte) != isWord(<u8>(byte - 1))) begins[byte] = true;
    }
  }
}

/** RE2's \w: ASCII letters, digits and "_". */
export function isWord(byte: u8): bool {
  return byte - 0x30 < 10 || (byte | 0x20) - 0x61 < 26 || byte == 0x5f;
}
