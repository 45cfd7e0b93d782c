// RE2's expressions by JavaScript's engine: what both read alike. Anything else is refused, so that
// no decision rests on a guess.

/** Longer ones are refused by Istio as well. */
const regexCharactersMax = 16_384;

/** Look-around, back references and atomic groups: RE2 has none of them. */
const foreign = /\(\?(?:[=!>]|<[=!])|\\[1-9]|\\k/;
/** RE2 has them, JavaScript reads them otherwise or not at all. */
const different = /\\[AzQECpPhHvVRXNGa0]|\\x\{|\{\d{4,}|\[\[:|\(\?[imsUx-]+[:)]|\(\?P=|[*+?}]\+/;

/** The text as an expression that matches it alone. */
export function escapedRegex(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

const compiled = new Map<string, RegExp | undefined>();

/**
 * An expression that matches whole texts as Envoy's does; undefined if RE2 refuses it or reads it
 * otherwise. Texts are UTF-8 here; the models' requests are ASCII where a regular expression looks
 * at them.
 */
export function wholeMatch(source: string): RegExp | undefined {
  if (!compiled.has(source)) compiled.set(source, compile(source));
  return compiled.get(source);
}

function compile(source: string): RegExp | undefined {
  if (source.length > regexCharactersMax || foreign.test(source)) return undefined;
  const flags = /^\(\?([is]+)\)/.exec(source);
  const body = source.slice(flags?.[0].length ?? 0).replaceAll("(?P<", "(?<");
  if (different.test(body)) return undefined;
  try {
    return new RegExp(`^(?:${body})$`, `${flags?.[1]!.includes("i") ? "i" : ""}`);
  } catch {
    return undefined;
  }
}
