// Operators of Envoy that no Wasm filter can have: they refuse the configuration and say why.
import { Bytes, endsWith, equal, startsWith } from "../../../../lib/bytes";
import { Result } from "../../../../lib/result";
import { Piece } from "../command";
import { Operator } from "./operator";
import { Arguments, Length, OperatorMaker, OperatorRow, refused } from "./row";

/** Which names a row is for. */
export const enum Names {
  /** The row's name alone. */
  This,
  BeginningWith,
  EndingWith,
}


@final
export class UnavailableRow extends OperatorRow {
  constructor(
    name: Bytes,
    private names: Names,
    private reason: string = "the host does not give it",
  ) {
    super(name, Arguments.Optional, Length.Optional);
  }

  isFor(name: Bytes): bool {
    if (this.names == Names.BeginningWith) return startsWith(name, this.name);
    if (this.names == Names.EndingWith) return endsWith(name, this.name);
    return equal(name, this.name);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    return refused(command, "is not available to Wasm filters: " + this.reason);
  }
}
