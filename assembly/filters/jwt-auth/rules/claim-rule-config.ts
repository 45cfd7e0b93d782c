// Reads `claims` of a rule.
import { equal, owned, text, trim, utf8, view } from "../../../lib/bytes";
import { Cursor } from "../../../lib/config/reader";
import { JsonKind } from "../../../lib/json/document";
import { ClaimPath } from "../../../lib/match/claim-path";
import { StringMatch } from "../../../lib/match/string-match";
import { ClaimRule, Scalar } from "./claim-rule";

const CONDITIONS = ["equals", "oneOf", "contains", "exact", "prefix", "suffix", "regex", "present"];

/** Lists with blanks between, everywhere: Istio's own two, and the name that other issuers give `scope`. */
const SCOPE = text("scope");
const SCP = text("scp");
const PERMISSION = text("permission");

/** The claims that `rule` asks for; `spaceDelimited` are more names of lists with blanks between. */
export function readClaimRules(rule: Cursor, spaceDelimited: StaticArray<u8>[]): ClaimRule[] {
  const rules: ClaimRule[] = [];
  const items = rule.list("claims");
  for (let i = 0; i < items.length; i++) {
    if (items[i].expectObject()) rules.push(readClaimRule(items[i], spaceDelimited));
  }
  return rules;
}

function readClaimRule(at: Cursor, spaceDelimited: StaticArray<u8>[]): ClaimRule {
  const rule = new ClaimRule(ClaimPath.read(at, "claim"));
  const condition = conditionOf(at);
  if (condition == "equals") rule.oneOf = [readScalar(at.value("equals"))];
  else if (condition == "oneOf") rule.oneOf = readScalars(at);
  else if (condition == "contains") rule.contained = readScalar(at.value("contains"));
  else if (condition == "present") readPresent(at);
  else if (condition.length > 0) rule.match = StringMatch.readAmong(at);
  rule.inverts = at.boolean("invert", false);
  at.done();
  rule.isSpaceDelimited = rule.path.depth == 1 && isSpaceDelimited(rule, spaceDelimited);
  return rule;
}

function readPresent(at: Cursor): void {
  if (!at.boolean("present", false)) at.refuse("present", "expected true");
}

/** The one condition that is there; empty after an error. */
function conditionOf(at: Cursor): string {
  let condition = "";
  let conditions = 0;
  for (let i = 0; i < CONDITIONS.length; i++) {
    if (!at.has(CONDITIONS[i])) continue;
    condition = CONDITIONS[i];
    conditions++;
  }
  if (conditions == 1) return condition;
  at.refuse("", "expected exactly one of: " + CONDITIONS.join(", "));
  return "";
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
  if (!isScalar && kind != JsonKind.Boolean) at.refuse("", "expected text, a number, true or false");
  const value = kind == JsonKind.String ? at.asBytes() : new StaticArray<u8>(0);
  return new Scalar(kind, value, document.integer(node), document.number(node), document.boolean(node));
}

function isSpaceDelimited(rule: ClaimRule, names: StaticArray<u8>[]): bool {
  const name = rule.path.head;
  if (equal(name, SCOPE) || equal(name, SCP) || equal(name, PERMISSION)) return true;
  for (let i = 0; i < names.length; i++) {
    if (equal(name, view(names[i]))) return true;
  }
  return false;
}

/** What the challenge names as `scope`: the values that the rules ask of `scope` or `scp`, with blanks between. */
export function scopeOf(rules: ClaimRule[]): StaticArray<u8> {
  let scope = "";
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i];
    const isScope = rule.path.depth == 1 && (equal(rule.path.head, SCOPE) || equal(rule.path.head, SCP));
    if (isScope && !rule.inverts) scope += rule.wantedText();
  }
  return owned(trim(view(utf8(scope))));
}
