// Seeded changes of a valid document: what people mistype, and what generators get wrong.
import { Random } from "../support/random.ts";

type Json = any;

/**
 * One change at a time, the kind and the place drawn from `seed`: the same seed gives the same
 * documents.
 */
export function* mutations(document: object, seed: number, count: number): Generator<object> {
  const random = new Random(seed);
  for (let i = 0; i < count; i++) {
    const copy = structuredClone(document);
    const places = placesOf(copy);
    // The document itself can only get what it does not know.
    if (places.length === 0) Object.assign(copy, { unknown: random.one(strange) });
    else random.one(changes)(random.one(places), random);
    yield copy;
  }
}

/** A member or an item: its container and its key. */
interface Place {
  holder: Json;
  key: string | number;
}

function placesOf(value: Json): Place[] {
  if (value === null || typeof value !== "object") return [];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys.flatMap((key) => [{ holder: value, key }, ...placesOf(value[key])]);
}

const strange: Json[] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  1e9,
  9007199254740993,
  1e300,
  "",
  " ",
  "x",
  "10s",
  "-1s",
  "1x",
  "é\u0000",
  "a".repeat(5000),
  [],
  [[]],
  {},
  { x: 1 },
];

const changes: ((place: Place, random: Random) => void)[] = [
  ({ holder, key }) => (Array.isArray(holder) ? holder.splice(Number(key), 1) : delete holder[key]),
  ({ holder, key }, random) => (holder[key] = structuredClone(random.one(strange))),
  ({ holder, key }, random) => {
    const target = holder[key] !== null && typeof holder[key] === "object" ? holder[key] : holder;
    if (Array.isArray(target)) target.push(structuredClone(random.one(strange)));
    else
      target[random.one(["unknown", "Name", "", "name ", "a/b~c"])] = structuredClone(
        random.one(strange),
      );
  },
  ({ holder, key }) => {
    if (typeof holder[key] === "number") holder[key] = -holder[key] * 1000;
    else if (typeof holder[key] === "string") holder[key] = `${holder[key]} ${holder[key]}`;
    else if (Array.isArray(holder[key])) holder[key] = [...holder[key], ...holder[key]];
    else holder[key] = [holder[key]];
  },
  ({ holder, key }) => {
    if (Array.isArray(holder)) return;
    holder[String(key).toUpperCase()] = holder[key];
    delete holder[key];
  },
];
