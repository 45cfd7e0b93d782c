// How a command becomes an operator: by its row in table.ts. Stops at the first error.
import { lengthOf } from "../../../../lib/bytes";
import { Result } from "../../../../lib/result";
import { Piece } from "../command";
import { Operator } from "./operator";
import { Arguments, Length, OperatorMaker, OperatorRow, nameOf, refused, refusedWith } from "./row";
import { operatorRow } from "./table";


@final
export class TableMaker extends OperatorMaker {
  make(command: Piece): Result<Operator> {
    const row = operatorRow(command.name);
    if (row === null) return refusedWith(command, "unknown operator " + nameOf(command));
    const problem = syntaxProblem(command, row);
    return problem.length > 0 ? refused(command, problem) : row.make(command, this);
  }
}

/** What must not stand behind the name, or must; empty when all is well. */
function syntaxProblem(command: Piece, row: OperatorRow): string {
  if (row.length == Length.None && command.length >= 0) return "takes no length";
  if (row.arguments == Arguments.None && command.hasArguments) return "takes no arguments";
  if (row.arguments == Arguments.Required && lengthOf(command.arguments) == 0) {
    return "needs arguments";
  }
  return "";
}
