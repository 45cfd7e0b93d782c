// What is worth asking of anything that has matches in Istio's words: routes, rate limits, settings of
// our filters. It walks the whole document; what it does not know it leaves out.
import type { Manifest } from "../core/source.ts";
import { fieldsOf, isFields, listOf, textAt } from "../core/value.ts";
import { claimEdits, headerEdits, plain } from "./authorization.ts";
import type { Keyring } from "./keyring.ts";
import { near } from "./requests.ts";
import type { Axis, Edit, Interest } from "./requests.ts";
import type { NativeRequest, Workload } from "../native/types.ts";

/** Texts that StringMatch names, in the order in which they say most. */
const kinds = ["exact", "prefix", "suffix", "contains"];
/** Of a regular expression only the plain text at its beginning is tried. */
const plainText = /^[\w/ =;.-]+/;

export function matchInterest(
  resources: readonly Manifest[],
  workloads: readonly Workload[],
  keyring: Keyring,
): Interest {
  const axes = new Map<string, Edit[]>();
  const add = (name: string, edits: readonly Edit[]) =>
    axes.set(name, [...(axes.get(name) ?? []), ...edits]);
  for (const manifest of resources) walk(manifest.at("spec"), add, keyring);
  const hosts = axes.get("hosts") ?? [];
  const starts = workloads.flatMap((workload): NativeRequest[] => {
    const outbound: NativeRequest = { ...plain(workload), direction: "outbound" };
    const sides = workload.kind === "sidecar" ? [plain(workload), outbound] : [plain(workload)];
    return sides.flatMap((side) => [side, ...hosts.map((edit) => edit(side))]);
  });
  return { starts, axes: [...axes].map(([name, edits]): Axis => ({ name, edits })) };
}

type Add = (name: string, edits: readonly Edit[]) => void;

function walk(value: unknown, add: Add, keyring: Keyring): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, add, keyring);
    return;
  }
  if (!isFields(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    visit(key, inner, add);
    walk(inner, add, keyring);
  }
  if (value.claim !== undefined) addClaim(value, add, keyring);
}

function visit(key: string, value: unknown, add: Add): void {
  if (key === "hosts" || key === "hostnames")
    add(
      "hosts",
      textsIn(value).flatMap((host) => hostEdits(host.replace(/^\*/, "any"))),
    );
  else if (key === "uri" || key === "path") add("paths", textsOfMatch(value).flatMap(pathEdits));
  else if (key === "authority") add("hosts", textsOfMatch(value).flatMap(hostEdits));
  else if (key === "method")
    add(
      "methods",
      textsOfMatch(value).map((method) => (request) => ({ ...request, method })),
    );
  else if (key === "headers" || key === "withoutHeaders") addHeaders(value, add);
  else if (key === "queryParams") addParams(value, add);
  else if (/^header_?[nN]ame$/.test(key) && typeof value === "string")
    add(`header ${value}`, headerEdits(value.toLowerCase(), "value"));
}

const hostEdits = (text: string): Edit[] =>
  [text, `${text}:8080`].map((host) => (request) => ({ ...request, host }));

const pathEdits = (text: string): Edit[] =>
  [...near(text), `${text}/more`, `${text}?a=1`].map((path) => (request) => ({
    ...request,
    path: path.startsWith("/") ? path : `/${path}`,
  }));

/** A map from name to StringMatch, or Gateway API's list of {name, value}. */
function addHeaders(value: unknown, add: Add): void {
  const named = isFields(value)
    ? Object.entries(value).map(([name, match]) => [name, textsOfMatch(match)] as const)
    : listOf(value).map((item) => [textAt(item, "name") ?? "", textsOfMatch(item)] as const);
  for (const [name, texts] of named) {
    const tried = texts.length > 0 ? texts : ["value"];
    if (name !== "" && !name.startsWith("@"))
      add(
        `header ${name}`,
        tried.flatMap((text) => headerEdits(name.toLowerCase(), text)),
      );
  }
}

function addParams(value: unknown, add: Add): void {
  for (const [name, match] of Object.entries(fieldsOf(value)))
    add(
      `parameter ${name}`,
      textsOfMatch(match)
        .flatMap(near)
        .map((text) => (request: NativeRequest) => ({
          ...request,
          path: `${request.path.split("?", 1)[0]}?${name}=${encodeURIComponent(text)}`,
        })),
    );
}

/** A condition on a claim in our settings. */
function addClaim(value: object, add: Add, keyring: Keyring): void {
  const { claim } = fieldsOf(value);
  const steps = typeof claim === "string" ? claim.split(".") : textsIn(claim);
  if (steps.length === 0) return;
  const key = `request.auth.claims[${steps.join("][")}]`;
  const values = [...textsOfMatch(value), ...textsIn(fieldsOf(value).oneOf)];
  add(
    key,
    values.flatMap((text) => claimEdits(key, text, keyring)),
  );
}

function textsOfMatch(match: unknown): string[] {
  const found = kinds.flatMap((kind) => textAt(match, kind) ?? []);
  const regex = plainText.exec(textAt(match, "regex") ?? "")?.[0];
  const single = textAt(match, "value") ?? textAt(match, "equals");
  return [...found, ...(regex ? [regex] : []), ...(single === undefined ? [] : [single])];
}

function textsIn(value: unknown): string[] {
  return listOf(value).filter((item): item is string => typeof item === "string");
}
