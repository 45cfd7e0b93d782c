// What may be the name or value of a header, and the name of a variable.
import { equal, utf8, view } from "../../lib/bytes";

/** A token of RFC 9110 section 5.6.2. */
export function isFieldName(name: StaticArray<u8>): bool {
  for (let i = 0; i < name.length; i++) {
    const byte = name[i];
    const isWord = (byte | 0x20) - 0x61 < 26 || byte - 0x30 < 10;
    if (!isWord && !"!#$%&'*+-.^_`|~".includes(String.fromCharCode(byte))) return false;
  }
  return name.length > 0 && !equal(view(name), view(utf8("host")));
}

/** No control characters but the tab, section 5.5. */
export function isFieldValue(value: StaticArray<u8>): bool {
  for (let i = 0; i < value.length; i++) {
    if ((value[i] < 0x20 && value[i] != 0x09) || value[i] == 0x7f) return false;
  }
  return true;
}

/** Of the environment: letters, digits and "_", no digit first. */
export function isVariable(name: StaticArray<u8>): bool {
  for (let i = 0; i < name.length; i++) {
    const byte = name[i];
    const isLetter = (byte | 0x20) - 0x61 < 26 || byte == 0x5f;
    if (!isLetter && (i == 0 || byte - 0x30 >= 10)) return false;
  }
  return name.length > 0;
}
