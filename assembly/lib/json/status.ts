// One line for each thing that can be wrong with a JSON text.
import { JsonStatus } from "./document";

export function describe(status: JsonStatus): string {
  switch (status) {
    case JsonStatus.Ok:
      return "ok";
    case JsonStatus.TooLarge:
      return "too large";
    case JsonStatus.TooDeep:
      return "nested too deeply";
    case JsonStatus.UnexpectedEnd:
      return "it ends in the middle of a value";
    case JsonStatus.UnexpectedByte:
      return "unexpected character";
    case JsonStatus.BadNumber:
      return "not a JSON number";
    case JsonStatus.BadEscape:
      return "bad escape in a string";
    case JsonStatus.ControlCharacter:
      return "control character in a string";
    case JsonStatus.BadUtf8:
      return "not UTF-8";
    case JsonStatus.DuplicateKey:
      return "the same key twice in one object";
    default:
      return "text after the value";
  }
}
