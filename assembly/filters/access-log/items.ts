// Lists of a configuration that have a least and a largest number of items.
import { Cursor } from "../../lib/config/reader";
import { decimal } from "../../lib/writer";

/**
 * The items of the list `name`, which has from `least` to `most` when it is there; none when it
 * is missing.
 */
export function itemsOf(parent: Cursor, name: string, least: i32, most: i32): Cursor[] {
  const items = parent.list(name);
  if (parent.has(name) && (items.length < least || items.length > most)) {
    parent.refuse(name, "expected " + decimal(least) + " to " + decimal(most) + " items");
  }
  return items;
}
