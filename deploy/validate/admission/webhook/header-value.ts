// A header's value with Envoy's variables in it: `%HOSTNAME%`, `%REQ(x-a)%`, `100%%`. What the
// variables are is not asked.

type State = "literal" | "name" | "array" | "string" | "item" | "separator" | "close" | "end";

/** The state after a character; undefined where the character cannot stand. */
const next: Record<State, (character: string) => State | undefined> = {
  literal: (character) => (character === "%" ? "name" : "literal"),
  name: (character) => (character === "%" ? "literal" : character === "(" ? "array" : "name"),
  array: (character) => (character === "[" ? "item" : character === " " ? "array" : "string"),
  item: (character) => (character === '"' ? "string" : character === " " ? "item" : undefined),
  string: (character) => (character === ")" ? "end" : character === '"' ? "separator" : "string"),
  separator: (character) =>
    character === "," ? "item" : character === "]" ? "close" : spaceKeeps("separator", character),
  close: (character) => (character === ")" ? "end" : spaceKeeps("close", character)),
  end: (character) => (character === "%" ? "literal" : spaceKeeps("end", character)),
};

function spaceKeeps(state: State, character: string): State | undefined {
  return character === " " ? state : undefined;
}

export function headerValueProblem(value: string): string | undefined {
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(value)) return "the header's value has a control character";
  let state: State | undefined = "literal";
  for (let at = 0; at < value.length && state; at++) {
    // `%%` is a percent sign; a backslash in a string takes the next character along.
    const isPair =
      (state === "literal" && value.startsWith("%%", at)) ||
      (state === "string" && value[at] === "\\");
    if (isPair && ++at === value.length) return "the header's value ends in a backslash";
    if (!isPair) state = next[state](value[at]!);
  }
  return state === "literal" ? undefined : "a % in the header's value begins no whole variable";
}
