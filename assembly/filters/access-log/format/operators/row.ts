// What a row of the operator table is: a name, what may stand behind it, and how its operator is
// made.
import { Bytes, NONE, at, equal, indexOf, lengthOf, slice, toText } from "../../../../lib/bytes";
import { ParamValues } from "../../../../lib/http/named-values";
import { Result, failure } from "../../../../lib/result";
import { Writer, decimal } from "../../../../lib/writer";
import { Redaction } from "../../redact/redaction";
import { Piece } from "../command";
import { Operator } from "./operator";

/** Whether `(arguments)` stands behind the name. */
export const enum Arguments {
  None,
  Optional,
  Required,
}

/** Whether `:length` may stand behind the name. */
export const enum Length {
  None,
  Optional,
}

/** What making an operator needs besides its command. */
export abstract class OperatorMaker {
  /** Some operator needs to know when the request began. */
  usesStart: bool = false;
  /** Query parameters that operators ask for, read once a request. */
  readonly params: ParamValues = new ParamValues(true);

  constructor(
    readonly redaction: Redaction,
    /** Of the operators _LOCAL; NO_OFFSET (time.ts) when none is set. */
    readonly offsetMinutes: i32,
  ) {}

  /** Makes the operator of any command: COALESCE has commands inside. */
  abstract make(command: Piece): Result<Operator>;
}

export abstract class OperatorRow {
  constructor(
    readonly name: Bytes,
    readonly arguments: Arguments = Arguments.None,
    readonly length: Length = Length.None,
  ) {}

  /** Whether this row is the one of `name`. */
  isFor(name: Bytes): bool {
    return equal(name, this.name);
  }

  /** The operator of `command`, whose name is this row's. */
  abstract make(command: Piece, maker: OperatorMaker): Result<Operator>;
}

/** An operator without settings. */
@final
export class PlainRow extends OperatorRow {
  constructor(
    name: Bytes,
    private create: () => Operator,
  ) {
    super(name);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    return new Result<Operator>(this.create(), "");
  }
}

/** A word that an operator takes as an argument, and what it stands for. */
@final
export class Choice {
  constructor(
    readonly word: Bytes,
    readonly value: i32,
  ) {}
}

/** The value of the choice `given`; -1 when there is no such choice. */
export function chosen(choices: Choice[], given: Bytes): i32 {
  for (let i = 0; i < choices.length; i++) {
    if (equal(choices[i].word, given)) return choices[i].value;
  }
  return -1;
}

/** What is wrong with a command, and where. */
export function refusedWith(command: Piece, message: string): Result<Operator> {
  return failure<Operator>(message + " (at byte " + decimal(command.offset) + ")");
}

/** As `refusedWith`, the operator's name first. */
export function refused(command: Piece, message: string): Result<Operator> {
  return refusedWith(command, nameOf(command) + " " + message);
}

/** Refuses an argument that is none of `choices`. */
export function refusedChoice(command: Piece, choices: Choice[]): Result<Operator> {
  const words = choices.map<string>((choice) => toText(choice.word)).join(" or ");
  return refused(command, "takes " + words);
}

export function nameOf(command: Piece): string {
  return "`%" + toText(command.name) + "%`";
}

/** The part of `text` between two separators, the first numbered 0; NONE behind the last. */
export function partAt(text: Bytes, index: i32, separator: u8): Bytes {
  let from = 0;
  for (; index > 0; index--) {
    from = indexOf(text, separator, from) + 1;
    if (from == 0) return NONE;
  }
  const end = indexOf(text, separator, from);
  return end < 0 ? slice(text, from) : slice(text, from, end);
}

/**
 * Appends parts of a property's path that `separator` divides, with the zeros of the ABI between.
 */
export function writePathParts(to: Writer, parts: Bytes, separator: u8): void {
  for (let i = 0; i < lengthOf(parts); i++) {
    to.byte(at(parts, i) == separator ? 0 : at(parts, i));
  }
}
