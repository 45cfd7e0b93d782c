// `metadata` of every resource, as the API server bounds it.
import { suggestion } from "../../core/schema.ts";
import { fieldsOf, isFields } from "../../core/value.ts";
import type { Broken } from "./rules.ts";

/** The fields of ObjectMeta, and the type that each must have. */
const fields: Record<string, (value: unknown) => boolean> = {
  name: isText,
  generateName: isText,
  namespace: isText,
  selfLink: isText,
  uid: isText,
  resourceVersion: isText,
  generation: Number.isInteger,
  creationTimestamp: isText,
  deletionTimestamp: isText,
  deletionGracePeriodSeconds: Number.isInteger,
  labels: isFields,
  annotations: isFields,
  ownerReferences: Array.isArray,
  finalizers: Array.isArray,
  managedFields: Array.isArray,
};

function isText(value: unknown): boolean {
  return typeof value === "string";
}

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const qualifiedName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const nameCharactersMax = 63;
const prefixCharactersMax = 253;

export function brokenMetadata(metadata: unknown): Broken[] {
  if (!isFields(metadata)) return [];
  const broken: Broken[] = [];
  const say = (path: string[], message: string) =>
    broken.push({ path: ["metadata", ...path], message });
  for (const [name, value] of Object.entries(metadata)) {
    const fits = fields[name];
    if (!fits)
      say([name], `unknown field; ${suggestion(name, Object.keys(fields)) ?? "remove it"}`);
    else if (value !== null && !fits(value)) say([name], "the value has another type");
  }
  const { namespace } = metadata;
  if (typeof namespace === "string" && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace))
    say(["namespace"], `"${namespace}" is no namespace; write lower-case letters, digits and -`);
  for (const kind of ["labels", "annotations"])
    for (const [key, value] of Object.entries(fieldsOf(metadata[kind]))) {
      if (!isKey(kind === "annotations" ? key.toLowerCase() : key))
        say([kind, key], "no key of a label; write PREFIX/NAME or NAME");
      if (value !== null && typeof value !== "string")
        say([kind, key], `is no text; write "${String(value)}" in quotes`);
      else if (kind === "labels" && !isLabelValue(value ?? ""))
        say([kind, key], "no value of a label; write at most 63 letters, digits, -, _ and .");
    }
  return broken;
}

function isLabelValue(text: string): boolean {
  return text.length <= nameCharactersMax && labelValue.test(text);
}

function isKey(key: string): boolean {
  const parts = key.split("/");
  const name = parts.at(-1)!;
  const [prefix] = parts;
  const isPrefixGood =
    parts.length === 1 ||
    (parts.length === 2 && prefix!.length <= prefixCharactersMax && subdomain.test(prefix!));
  return isPrefixGood && name.length <= nameCharactersMax && qualifiedName.test(name);
}
