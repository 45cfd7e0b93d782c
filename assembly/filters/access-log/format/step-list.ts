// The steps of a format while it is compiled: literals come together until an operator follows.
import { Writer } from "../../../lib/writer";
import { Step, Style } from "./format";
import { Operator } from "./operators/operator";

const COMMA: u8 = 0x2c;
/** Of all literals together; a longer line is never written either. */
export const LITERALS_MAX = 0x100000;


@final
export class StepList {
  first: Step | null = null;
  /** The literals of all steps, one behind the other. */
  readonly literals: Writer = new Writer(LITERALS_MAX);
  /** How many operators there are. */
  operators: i32 = 0;
  /** How many commas may be written that no literal has. */
  private commas: i32 = 0;
  private last: Step | null = null;
  /** Where in `literals` the next step's literal begins. */
  private literalFrom: i32 = 0;
  /** The next literal begins a member. */
  private opensMember: bool = false;

  constructor(private omitEmpty: bool) {}

  /**
   * A comma that is always there is part of the literal; with omitEmpty it depends on what came.
   */
  beginMember(isFirst: bool): void {
    if (this.omitEmpty) {
      this.endLiteral();
      this.opensMember = true;
      this.commas++;
    } else if (!isFirst) {
      this.literals.byte(COMMA);
    }
  }

  addOperator(operator: Operator, style: Style): void {
    const step = this.addStep();
    this.operators++;
    step.operator = operator;
    step.style = style;
    step.isOptional = style == Style.JsonValue && this.omitEmpty;
  }

  /** What stands in each line at most besides the operators' values. */
  get fixedBytes(): i32 {
    return this.literals.length + this.commas;
  }

  endLiteral(): void {
    if (this.literals.length > this.literalFrom) this.addStep();
  }

  /** One step more, with the literal that has come together. */
  private addStep(): Step {
    const step = new Step();
    step.from = this.literalFrom;
    step.length = this.literals.length - this.literalFrom;
    step.isMember = this.opensMember;
    this.literalFrom = this.literals.length;
    this.opensMember = false;
    const last = this.last;
    if (last === null) this.first = step;
    else last.next = step;
    this.last = step;
    return step;
  }
}
