// Reads `requires` and what may stand beside it in a rule.
import { owned, view } from "../../../lib/bytes";
import { Cursor } from "../../../lib/config/reader";
import { normalAudience } from "../../../lib/jose/claims";
import { Provider } from "../provider";
import { Profile, REQUIREMENT_DEPTH_MAX, Requirement, RequirementKind } from "./requirement";

const CHILDREN_MAX = 64;


@final
export class RequirementReader {
  constructor(
    private providers: Provider[],
    /** Grows by one for each place that names its own audiences. */
    private profiles: Profile[],
    /** What a rule without `requires` asks. */
    private fallback: Requirement,
  ) {}

  ofRule(rule: Cursor): Requirement {
    const at = rule.object("requires");
    let requirement = this.fallback;
    if (at.node >= 0) requirement = this.read(at, 1);
    const allowMissing = rule.boolean("allowMissing", false);
    const allowMissingOrFailed = rule.boolean("allowMissingOrFailed", false);
    if (!allowMissing && !allowMissingOrFailed) return requirement;
    const wrapped = new Requirement(RequirementKind.AllOf);
    wrapped.children.push(requirement);
    wrapped.allowMissing = allowMissing;
    wrapped.allowMissingOrFailed = allowMissingOrFailed;
    return wrapped;
  }

  private read(at: Cursor, depth: i32): Requirement {
    const kinds = ["none", "provider", "anyOf", "allOf"];
    const kind = at.theOnly(kinds);
    const requirement = new Requirement(kind < 0 ? RequirementKind.None : <RequirementKind>kind);
    if (kind == RequirementKind.None && !at.boolean("none", false))
      at.refuse("none", "expected true");
    if (kind == RequirementKind.Provider) requirement.profile = this.profile(at);
    else if (at.has("audiences")) at.refuse("audiences", "expected only beside provider");
    if (kind >= RequirementKind.AnyOf) requirement.children = this.children(at, kinds[kind], depth);
    requirement.allowMissing = at.boolean("allowMissing", false);
    requirement.allowMissingOrFailed = at.boolean("allowMissingOrFailed", false);
    at.done();
    return requirement;
  }

  private children(at: Cursor, name: string, depth: i32): Requirement[] {
    const children: Requirement[] = [];
    const items = objectsOf(at, name);
    if (items.length == 0 || items.length > CHILDREN_MAX)
      at.refuse(name, "expected 1 to 64 requirements");
    if (depth >= REQUIREMENT_DEPTH_MAX) at.refuse(name, "expected at most 8 levels");
    for (let i = 0; i < items.length && depth < REQUIREMENT_DEPTH_MAX; i++) {
      children.push(this.read(items[i], depth + 1));
    }
    return children;
  }

  private profile(at: Cursor): Profile | null {
    const name = at.text("provider");
    const audiences = readAudiences(at, "audiences");
    if (at.has("audiences") && audiences.length == 0)
      at.refuse("audiences", "expected at least one");
    for (let i = 0; i < this.profiles.length; i++) {
      const profile = this.profiles[i];
      if (profile.provider.name != name) continue;
      if (audiences.length == 0) return profile;
      const own = new Profile(this.profiles.length, profile.provider, audiences);
      this.profiles.push(own);
      return own;
    }
    at.refuse("provider", "expected the name of one of the providers");
    return null;
  }

  /** Claims that are lists with blanks between, for the providers that a requirement is about. */
  spaceDelimited(requirement: Requirement): StaticArray<u8>[] {
    const names: StaticArray<u8>[] = [];
    for (let i = 0; i < this.providers.length; i++) {
      if (!isAbout(requirement, this.providers[i])) continue;
      const more = this.providers[i].spaceDelimited;
      for (let j = 0; j < more.length; j++) names.push(more[j]);
    }
    return names;
  }
}

function isAbout(requirement: Requirement, provider: Provider): bool {
  const profile = requirement.profile;
  if (profile !== null && profile.provider === provider) return true;
  for (let i = 0; i < requirement.children.length; i++) {
    if (isAbout(requirement.children[i], provider)) return true;
  }
  return false;
}

/** The items of a list, each an object. */
export function objectsOf(at: Cursor, name: string): Cursor[] {
  const items = at.list(name);
  for (let i = 0; i < items.length; i++) {
    if (!items[i].expectObject()) return [];
  }
  return items;
}

/** The strings of a list, each of at least one byte. */
export function filledTexts(at: Cursor, name: string): StaticArray<u8>[] {
  const items = at.list(name);
  const texts: StaticArray<u8>[] = [];
  for (let i = 0; i < items.length; i++) {
    const text = items[i].asBytes();
    if (text.length == 0) items[i].refuse("", "expected at least one character");
    texts.push(text);
  }
  return texts;
}

/** Audiences in the form they are compared in. */
export function readAudiences(at: Cursor, name: string): StaticArray<u8>[] {
  const audiences = filledTexts(at, name);
  for (let i = 0; i < audiences.length; i++)
    audiences[i] = owned(normalAudience(view(audiences[i])));
  return audiences;
}
