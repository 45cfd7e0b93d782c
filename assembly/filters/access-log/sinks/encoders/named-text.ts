// Names with texts, fixed by the configuration: attributes of OTLP's resource and labels of Loki's
// stream.
import { utf8, view } from "../../../../lib/bytes";
import { Cursor } from "../../../../lib/config/reader";
import { writeJsonText } from "../../../../lib/json/write";
import { Writer, decimal } from "../../../../lib/writer";
import { isLabel } from "../../names";

const RESOURCE_MAX = 32;
/** Loki's own default limit (`max_label_names_per_series`). */
const LABELS_MAX = 15;
const NAME_CHARACTERS_MAX = 256;
const VALUE_CHARACTERS_MAX = 1024;


@final
export class NamedText {
  constructor(
    readonly name: StaticArray<u8>,
    readonly value: StaticArray<u8>,
  ) {}
}

/** The map `resource`. */
export function readResource(parent: Cursor): NamedText[] {
  return read(parent, "resource", RESOURCE_MAX);
}

/**
 * The map `labels`; a stream has one at least. Loki refuses every batch with another name than
 * these.
 */
export function readLabels(parent: Cursor): NamedText[] {
  const labels = read(parent, "labels", LABELS_MAX);
  for (let i = 0; i < labels.length; i++) {
    if (isLabel(view(labels[i].name))) continue;
    parent.refuse(
      "labels",
      "expected names of letters, digits, '_' and ':', without a digit at the front",
    );
  }
  if (labels.length == 0) labels.push(new NamedText(utf8("job"), utf8("access-log")));
  return labels;
}

/** In the order of the names: a map has no other. */
function read(parent: Cursor, name: string, most: i32): NamedText[] {
  const entries = parent.object(name).entries();
  if (entries.length > most) parent.refuse(name, "expected at most " + decimal(most) + " names");
  const texts: NamedText[] = [];
  for (let i = 0; i < entries.length; i++) {
    const at = entries[i].at;
    const key = entries[i].key;
    if (!isWithin(key, NAME_CHARACTERS_MAX))
      at.refuse("", "expected a name of 1 to 256 characters");
    const value = at.asBytes();
    if (!isWithin(value, VALUE_CHARACTERS_MAX)) at.refuse("", "expected 1 to 1024 characters");
    texts.push(new NamedText(key, value));
  }
  return texts;
}

/**
 * Has one character at least, and no more than `most`; the JSON reader has seen to it that it is
 * UTF-8.
 */
function isWithin(text: StaticArray<u8>, most: i32): bool {
  let characters = 0;
  for (let i = 0; i < text.length; i++) characters += (text[i] & 0xc0) != 0x80 ? 1 : 0;
  return characters > 0 && characters <= most;
}

/** A JSON object of them, in their order. */
export function writeJsonObject(to: Writer, members: NamedText[]): void {
  to.byte(0x7b);
  for (let i = 0; i < members.length; i++) {
    if (i > 0) to.byte(0x2c);
    writeJsonText(to, view(members[i].name));
    to.byte(0x3a);
    writeJsonText(to, view(members[i].value));
  }
  to.byte(0x7d);
}
