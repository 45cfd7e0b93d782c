// The configuration of the composed module: an object with a section for each filter that takes
// part. What a section may hold is its filter's `config.schema.json`.
import { owned } from "../lib/bytes";
import { ConfigErrors, readConfig } from "../lib/config/reader";
import { toText } from "../lib/bytes";
import { PARTS, nameOf } from "./parts";

/** The text of each part's section; null for a filter that takes no part. */
export function readSections(
  configuration: StaticArray<u8>,
  errors: ConfigErrors,
): StaticArray<StaticArray<u8> | null> {
  const at = readConfig(configuration, errors);
  const sections = new StaticArray<StaticArray<u8> | null>(PARTS);
  let count = 0;
  for (let part = 0; part < PARTS; part++) {
    const name = toText(nameOf(part));
    if (!at.has(name)) continue;
    sections[part] = owned(at.document.source(at.document.find(at.node, nameOf(part))));
    count++;
  }
  at.done();
  if (count == 0) {
    errors.add("", "no section; write at least one of access-log, jwt-auth, rate-limit, canary");
  }
  return sections;
}
