// Conditions on cookies and query parameters: the first of a name counts.
import { Bytes, view } from "../bytes";
import { Cursor } from "../config/reader";
import { NamedValues } from "../http/named-values";
import { RequestView } from "../http/request";
import { StringMatch } from "./string-match";

/** A condition on the value that a request has under one name. */
@final
export class NamedMatch {
  constructor(
    private readonly values: NamedValues,
    private readonly index: i32,
    private readonly condition: StringMatch,
  ) {}

  holds(request: RequestView): bool {
    return this.condition.matchesIn(request, this.values.valueAt(this.index, request));
  }
}

/** Reads the map `member`: name → StringMatch, on the values that `values` reads. */
export function readNamed(
  at: Cursor,
  member: string,
  values: NamedValues,
): StaticArray<NamedMatch> | null {
  const found: NamedMatch[] = [];
  const entries = at.object(member).entries();
  for (let i = 0; i < entries.length; i++) {
    const name: Bytes = view(entries[i].key);
    if (entries[i].key.length == 0) entries[i].at.refuse("", "expected a name");
    found.push(new NamedMatch(values, values.indexOf(name), StringMatch.read(entries[i].at)));
  }
  return found.length == 0 ? null : StaticArray.fromArray(found);
}
