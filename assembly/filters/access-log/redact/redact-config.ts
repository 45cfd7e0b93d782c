// What of a request never reaches a line: the settings of `redact`.
import { Bytes, at as byteAt, equal, lengthOf, owned, startsWith, view } from "../../../lib/bytes";
import { Cursor } from "../../../lib/config/reader";
import { ClaimPath } from "../../../lib/match/claim-path";
import { lowerCased } from "../../../lib/http/field";
import { compilePattern } from "../../../lib/regex/pattern";
import { Searcher } from "../../../lib/regex/searcher";
import { SearchWork } from "../../../lib/regex/work";
import { JsonKind } from "../../../lib/json/document";
import { itemsOf } from "../items";
import { isVariable } from "../../../lib/config/call-header";
import { isRedactableName, requestFieldName } from "../names";
import { Action, NamedAction, NamedActions } from "./action";
import { isSensitiveHeader, isSensitiveParam } from "./sensitive-names";
import { decimal } from "../../../lib/writer";

const NAMES_MAX = 256;
const PATTERNS_MAX = 32;
/** As HMAC-SHA-256 wants it at least, RFC 2104 section 3. */
const HASH_KEY_BYTES_MIN = 32;


@final
export class Pattern {
  constructor(
    readonly searcher: Searcher,
    readonly action: Action,
  ) {}
}


@final
export class RedactConfig {
  /** The built-in names and shapes are redacted, too. */
  defaults: bool = true;
  action: Action = Action.Mask;
  private headers: NamedActions = new NamedActions([], false);
  private queryParams: NamedActions = new NamedActions([], true);
  private cookies: NamedActions = new NamedActions([], false);
  /** Claims by their path's steps with a zero byte between. */
  claims: NamedAction[] = [];
  patterns: Pattern[] = [];
  /** Of all patterns together. */
  readonly work: SearchWork = new SearchWork();
  hashKey: StaticArray<u8> = new StaticArray<u8>(0);
  /** The variable of the virtual machine that holds the key. */
  hashKeyVariable: StaticArray<u8> = new StaticArray<u8>(0);
  private hashes: bool = false;

  static read(parent: Cursor): RedactConfig {
    const at = parent.object("redact");
    const config = new RedactConfig();
    config.defaults = at.boolean("defaults", true);
    config.action = config.readAction(at, Action.Mask);
    config.headers = new NamedActions(config.readHeaders(at), false);
    config.queryParams = new NamedActions(config.readNames(at, "queryParams"), true);
    config.cookies = new NamedActions(config.readNames(at, "cookies"), false);
    config.claims = config.readClaims(at);
    config.readPatterns(at);
    config.readKey(at);
    at.done();
    return config;
  }

  private readAction(at: Cursor, fallback: Action): Action {
    const action = <Action>at.choice("action", ["mask", "hash", "drop"], <i32>fallback);
    if (action == Action.Hash) this.hashes = true;
    return action;
  }

  /** Of an item, which may be an object with its own action. */
  private actionOf(at: Cursor): Action {
    const action = at.isObject ? this.readAction(at, this.action) : this.action;
    at.done();
    return action;
  }

  /** A list of names, each alone or with its action. */
  private readNames(parent: Cursor, list: string): NamedAction[] {
    const items = itemsOf(parent, list, 0, NAMES_MAX);
    const named: NamedAction[] = [];
    for (let i = 0; i < items.length; i++) {
      named.push(new NamedAction(textOf(items[i], "name"), this.actionOf(items[i])));
    }
    return named;
  }

  /** The same of headers: in lower case, as the proxy holds them. */
  private readHeaders(parent: Cursor): NamedAction[] {
    const items = itemsOf(parent, "headers", 0, NAMES_MAX);
    const named: NamedAction[] = [];
    for (let i = 0; i < items.length; i++) {
      const name = lowerCased(textOf(items[i], "name"));
      if (!isRedactableName(view(name))) {
        items[i].refuse(items[i].isObject ? "name" : "", "expected a header name");
      }
      const held = owned(requestFieldName(view(name)));
      named.push(new NamedAction(held, this.actionOf(items[i])));
    }
    return named;
  }

  private readClaims(parent: Cursor): NamedAction[] {
    const items = itemsOf(parent, "claims", 0, NAMES_MAX);
    const named: NamedAction[] = [];
    for (let i = 0; i < items.length; i++) {
      const at = items[i];
      const path = at.isObject ? ClaimPath.read(at, "claim") : ClaimPath.readValue(at);
      named.push(new NamedAction(owned(path.property), this.actionOf(at)));
    }
    return named;
  }

  private readPatterns(parent: Cursor): void {
    const items = itemsOf(parent, "patterns", 0, PATTERNS_MAX);
    for (let i = 0; i < items.length; i++) {
      const text = view(textOf(items[i], "regex"));
      const action = this.actionOf(items[i]);
      const compiled = compilePattern(text);
      const program = compiled.program;
      if (program !== null)
        this.patterns.push(new Pattern(new Searcher(program, this.work), action));
      else items[i].refuse(items[i].isObject ? "regex" : "", compiled.problem);
    }
  }

  private readKey(at: Cursor): void {
    const hasKey = at.has("hashKey");
    const hasVariable = at.has("hashKeyFromEnv");
    this.hashKey = at.optionalBytes("hashKey", this.hashKey);
    this.hashKeyVariable = at.optionalBytes("hashKeyFromEnv", this.hashKeyVariable);
    if (hasKey && this.hashKey.length < HASH_KEY_BYTES_MIN) {
      at.refuse("hashKey", "expected at least " + decimal(HASH_KEY_BYTES_MIN) + " characters");
    }
    if (hasVariable && !isVariable(view(this.hashKeyVariable))) {
      at.refuse("hashKeyFromEnv", "expected the name of a variable");
    }
    if (hasKey && hasVariable) at.refuse("hashKeyFromEnv", "expected only one of the two keys");
    if (this.hashes && !hasKey && !hasVariable)
      at.refuse("hashKey", "missing; the action hash needs a key");
  }

  /** Whether the value of the variable is a key; what is wrong otherwise. */
  keyProblem(value: Bytes): string {
    if (lengthOf(value) >= HASH_KEY_BYTES_MIN) return "";
    return "the variable is missing or shorter than " + decimal(HASH_KEY_BYTES_MIN) + " characters";
  }

  /** What becomes of a header as a whole; `host` is the authority here too. */
  ofHeader(name: Bytes): Action {
    const isSecret = this.defaults && isSensitiveHeader(name);
    return this.headers.of(requestFieldName(name), isSecret ? this.action : Action.Keep);
  }

  /** What becomes of a query parameter of this decoded name. */
  ofParam(name: Bytes): Action {
    const isSecret = this.defaults && isSensitiveParam(name);
    return this.queryParams.of(name, isSecret ? this.action : Action.Keep);
  }

  /** What becomes of a cookie: all are credentials unless the defaults are off. */
  ofCookie(name: Bytes): Action {
    return this.cookies.of(name, this.defaults ? this.action : Action.Keep);
  }

  /**
   * What becomes of a claim, `steps` with a zero byte between: redacting `address` redacts
   * `address.street`.
   */
  ofClaim(steps: Bytes): Action {
    for (let i = 0; i < this.claims.length; i++) {
      const name = view(this.claims[i].name);
      const isInside = lengthOf(steps) > lengthOf(name) && byteAt(steps, lengthOf(name)) == 0;
      if (equal(steps, name) || (isInside && startsWith(steps, name))) return this.claims[i].action;
    }
    return Action.Keep;
  }
}

/** Of an item that is a text alone, or an object with the text in `member`; it is not empty. */
function textOf(at: Cursor, member: string): StaticArray<u8> {
  const isObject = at.isObject;
  if (!isObject && at.kind != JsonKind.String)
    at.refuse("", "expected a text, or an object with " + member + " and action");
  const text = isObject ? at.bytes(member) : at.asBytes();
  if (text.length == 0) at.refuse(isObject ? member : "", "expected at least one character");
  return text;
}
