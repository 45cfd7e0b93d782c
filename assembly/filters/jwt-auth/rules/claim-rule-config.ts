// Reads `claims` of a rule.
import { Bytes, equal, owned, text, trim, utf8, view } from "../../../lib/bytes";
import { Cursor } from "../../../lib/config/reader";
import { JsonKind } from "../../../lib/json/document";
import { ClaimPath } from "../../../lib/match/claim-path";
import { StringMatch } from "../../../lib/match/string-match";
import { ClaimRule, Scalar } from "./claim-rule";
import { objectsOf } from "./requirement-config";

/** Positions among the conditions; the others are a StringMatch. */
const EQUALS = 0;
const ONE_OF = 1;
const CONTAINS = 2;
const PRESENT = 7;

/**
 * Lists with blanks between, everywhere: Istio's own two, and the name that other issuers give
 * `scope`.
 */
const SCOPE = text("scope");
const SCP = text("scp");
const PERMISSION = text("permission");

/**
 * The claims that `rule` asks for; `spaceDelimited` are more names of lists with blanks between.
 */
export function readClaimRules(rule: Cursor, spaceDelimited: StaticArray<u8>[]): ClaimRule[] {
  const rules: ClaimRule[] = [];
  const items = objectsOf(rule, "claims");
  for (let i = 0; i < items.length; i++) rules.push(readClaimRule(items[i], spaceDelimited));
  return rules;
}

/**
 * The claims of an entry of `outputMatchToHeaders`: a claim counts as in Envoy's metadata, where
 * `scope`, `permission` and `spaceDelimited` are lists of words.
 */
export function readMatchRules(entry: Cursor, spaceDelimited: StaticArray<u8>[]): ClaimRule[] {
  const rules = readClaimRules(entry, spaceDelimited);
  if (rules.length == 0) entry.refuse("claims", "expected at least one");
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i];
    rule.isWordsOnly = true;
    if (rule.isSpaceDelimited && equal(rule.path.head, SCP)) {
      rule.isSpaceDelimited = contains(spaceDelimited, SCP);
    }
  }
  return rules;
}

function readClaimRule(at: Cursor, spaceDelimited: StaticArray<u8>[]): ClaimRule {
  const rule = new ClaimRule(ClaimPath.read(at, "claim"));
  const conditions = [
    "equals",
    "oneOf",
    "contains",
    "exact",
    "prefix",
    "suffix",
    "regex",
    "present",
  ];
  const condition = at.theOnly(conditions);
  if (condition == EQUALS || condition == CONTAINS)
    rule.oneOf = [readScalar(at.value(conditions[condition]))];
  else if (condition == ONE_OF) rule.oneOf = readScalars(at);
  else if (condition == PRESENT) readPresent(at);
  else if (condition >= 0) rule.match = StringMatch.readMembers(at);
  if (rule.match === null && at.boolean("ignoreCase", false))
    at.refuse("ignoreCase", "expected only beside exact, prefix, suffix or regex");
  rule.inverts = at.boolean("invert", false);
  at.done();
  rule.isSpaceDelimited = rule.path.depth == 1 && isSpaceDelimited(rule, spaceDelimited);
  return rule;
}

function readPresent(at: Cursor): void {
  if (!at.boolean("present", false)) at.refuse("present", "expected true");
}

function readScalars(at: Cursor): Scalar[] {
  const scalars: Scalar[] = [];
  const items = at.list("oneOf");
  if (items.length == 0) at.refuse("oneOf", "expected at least one value");
  for (let i = 0; i < items.length; i++) scalars.push(readScalar(items[i]));
  return scalars;
}

function readScalar(at: Cursor): Scalar {
  const document = at.document;
  const node = at.node;
  const kind = at.kind;
  const isScalar = kind == JsonKind.String || kind == JsonKind.Integer || kind == JsonKind.Double;
  if (!isScalar && kind != JsonKind.Boolean)
    at.refuse("", "expected text, a number, true or false");
  const value = kind == JsonKind.String ? at.asBytes() : new StaticArray<u8>(0);
  return new Scalar(
    kind,
    value,
    document.integer(node),
    document.number(node),
    document.boolean(node),
  );
}

function isSpaceDelimited(rule: ClaimRule, names: StaticArray<u8>[]): bool {
  const name = rule.path.head;
  if (equal(name, SCOPE) || equal(name, SCP) || equal(name, PERMISSION)) return true;
  return contains(names, name);
}

function contains(names: StaticArray<u8>[], name: Bytes): bool {
  for (let i = 0; i < names.length; i++) {
    if (equal(name, view(names[i]))) return true;
  }
  return false;
}

/**
 * What the challenge names as `scope`: the values that the rules ask of `scope` or `scp`, with
 * blanks between.
 */
export function scopeOf(rules: ClaimRule[]): StaticArray<u8> {
  let scope = "";
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i];
    const isScope =
      rule.path.depth == 1 && (equal(rule.path.head, SCOPE) || equal(rule.path.head, SCP));
    if (isScope && !rule.inverts) scope += rule.wantedText();
  }
  return owned(trim(view(utf8(scope))));
}
