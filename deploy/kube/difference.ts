// What would change: the live resource beside what the API server would make of ours (a dry run),
// line by line.
import type { Resource } from "../core/resource.ts";
import { isFields } from "../core/value.ts";
import { yamlText } from "../core/yaml-text.ts";

/** Fields that the API server writes: they are not compared. */
const serverFields = [
  "managedFields",
  "resourceVersion",
  "uid",
  "creationTimestamp",
  "generation",
  "selfLink",
];

/** A resource as people would write it. */
export function bare(resource: Resource): Resource {
  const { status: _status, metadata, ...rest } = resource;
  const kept = Object.fromEntries(
    Object.entries(metadata ?? {}).filter(([key]) => !serverFields.includes(key)),
  );
  return sorted({ ...rest, metadata: kept }) as Resource;
}

/** Maps in one order, so that only content differs. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value instanceof Date) return value.toISOString();
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

/** Unified diff of two resources; empty when they are the same. */
export function difference(
  title: string,
  live: Resource | undefined,
  wanted: Resource | undefined,
): string {
  const before = live
    ? yamlText([{ value: bare(live) }])
        .trimEnd()
        .split("\n")
    : [];
  const after = wanted
    ? yamlText([{ value: bare(wanted) }])
        .trimEnd()
        .split("\n")
    : [];
  const lines = hunks(edits(before, after));
  return lines.length === 0
    ? ""
    : [`--- live ${title}`, `+++ wanted ${title}`, ...lines].join("\n");
}

type Edit = { sign: " " | "-" | "+"; text: string };

/** The longest common subsequence; resources have some hundred lines. */
function edits(before: string[], after: string[]): Edit[] {
  const rows = before.length;
  const columns = after.length;
  const lengths = Array.from({ length: rows + 1 }, () => new Uint32Array(columns + 1));
  for (let i = rows - 1; i >= 0; i--) {
    for (let j = columns - 1; j >= 0; j--) {
      lengths[i]![j] =
        before[i] === after[j]
          ? lengths[i + 1]![j + 1]! + 1
          : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
    }
  }
  const result: Edit[] = [];
  let i = 0;
  let j = 0;
  while (i < rows || j < columns) {
    if (i < rows && j < columns && before[i] === after[j]) {
      result.push({ sign: " ", text: before[i++]! });
      j++;
    } else if (i < rows && (j >= columns || lengths[i + 1]![j]! >= lengths[i]![j + 1]!))
      result.push({ sign: "-", text: before[i++]! });
    else result.push({ sign: "+", text: after[j++]! });
  }
  return result;
}

/** Changed lines with three of their neighbours; `@@` where something is left out. */
function hunks(all: Edit[]): string[] {
  const near = (at: number) =>
    all.slice(Math.max(0, at - 3), at + 4).some(({ sign }) => sign !== " ");
  const lines: string[] = [];
  let isOpen = false;
  all.forEach(({ sign, text }, at) => {
    if (!near(at)) isOpen = false;
    else {
      if (!isOpen) lines.push("@@");
      isOpen = true;
      lines.push(`${sign}${text}`);
    }
  });
  return lines;
}
