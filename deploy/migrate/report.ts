// What became of each field of what was read. Nothing may be lost silently: a field that nobody
// spoke for is reported too.
import type { Finding } from "../core/problem.ts";
import { pathText } from "../core/source.ts";
import type { Manifest, Path } from "../core/source.ts";

/**
 * `carried`: the same in other words. `changed`: not quite the same. `kept`: it stays where it
 * is. `lost`: not possible.
 */
export type Fate = "carried" | "changed" | "kept" | "lost";

export interface Entry {
  manifest: Manifest;
  path: Path;
  fate: Fate;
  /** Where it went, how it differs, or why it cannot be. */
  note: string;
}

export class Report {
  readonly entries: Entry[] = [];
  private readonly seen = new Map<Manifest, Set<string>>();

  carried(manifest: Manifest, path: Path, note: string): void {
    this.add({ manifest, path, fate: "carried", note });
  }
  changed(manifest: Manifest, path: Path, note: string): void {
    this.add({ manifest, path, fate: "changed", note });
  }
  kept(manifest: Manifest, path: Path, note: string): void {
    this.add({ manifest, path, fate: "kept", note });
  }
  lost(manifest: Manifest, path: Path, note: string): void {
    this.add({ manifest, path, fate: "lost", note });
  }

  /** A resource that goes into several policies says the same of each of its fields only once. */
  private add(entry: Entry): void {
    const key = JSON.stringify([entry.path, entry.fate, entry.note]);
    const known = this.seen.get(entry.manifest) ?? new Set();
    if (known.has(key)) return;
    this.seen.set(entry.manifest, known.add(key));
    this.entries.push(entry);
  }

  /** True if anything was said of a resource. */
  speaksOf(manifest: Manifest): boolean {
    return this.seen.has(manifest);
  }

  /** Speaks for every leaf below `at` that no entry covers. */
  close(manifest: Manifest, at: Path = ["spec"]): void {
    const own = this.entries.filter((entry) => entry.manifest === manifest);
    const value = at.reduce((node: any, step) => node?.[step], manifest.value);
    for (const leaf of leavesOf(value, at)) {
      if (own.some((entry) => isWithin(leaf, entry.path))) continue;
      this.lost(manifest, leaf, "migrate does not know this field");
    }
  }

  /** One finding per entry, by file and line, so that it prints as every other message does. */
  findings(): Finding[] {
    const files = [...new Set(this.entries.map(({ manifest }) => manifest.file))];
    const all = this.entries.map(({ manifest, path, fate, note }): Finding => ({
      severity: fate === "lost" ? "warning" : "note",
      rule: fate,
      place: manifest.place(path),
      what: `${manifest.title} ${pathText(path)}`,
      why: `${words[fate]}: ${note}`,
    }));
    const rank = ({ place }: Finding) => files.indexOf(place.file) * 1e7 + place.line;
    return all.sort((a, b) => rank(a) - rank(b));
  }

  count(fate: Fate): number {
    return this.entries.filter((entry) => entry.fate === fate).length;
  }
}

const words: Record<Fate, string> = {
  carried: "carried over",
  changed: "changed",
  kept: "kept as it is",
  lost: "not possible",
};

/** Paths of everything that is not a map or a list; an empty one of those is a leaf too. */
function leavesOf(value: unknown, path: Path): Path[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.length > 0)
    return value.flatMap((item, at) => leavesOf(item, [...path, at]));
  if (
    value !== null &&
    typeof value === "object" &&
    !Array.isArray(value) &&
    Object.keys(value).length > 0
  ) {
    return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
  }
  return [path];
}

function isWithin(leaf: Path, path: Path): boolean {
  return path.length <= leaf.length && path.every((step, at) => String(step) === String(leaf[at]));
}
