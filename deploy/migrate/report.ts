// What became of each document and of each field of what was read. Nothing is lost silently: a
// field that nobody spoke for is reported too.
import type { Finding } from "../core/problem.ts";
import { pathText } from "../core/source.ts";
import type { Manifest, Path } from "../core/source.ts";
import { at } from "../core/value.ts";

/**
 * `carried`: the same in other words. `changed`: not quite the same. `kept`: it stays where it
 * is. `lost`: not possible. `foreign`: of a kind that nothing here is about.
 */
export type Outcome = "carried" | "changed" | "kept" | "lost" | "foreign";

export interface Entry {
  manifest: Manifest;
  path: Path;
  outcome: Outcome;
  /** Where it went, how it differs, or why it cannot be. */
  note: string;
}

/** What became of a document as a whole. */
export type DocumentOutcome = "migrated" | "in part" | "kept" | "lost" | "foreign";

export class Report {
  readonly entries: Entry[] = [];
  private readonly byManifest = new Map<Manifest, { known: Set<string>; entries: Entry[] }>();

  carried(manifest: Manifest, path: Path, note: string): void {
    this.record({ manifest, path, outcome: "carried", note });
  }
  changed(manifest: Manifest, path: Path, note: string): void {
    this.record({ manifest, path, outcome: "changed", note });
  }
  kept(manifest: Manifest, path: Path, note: string): void {
    this.record({ manifest, path, outcome: "kept", note });
  }
  lost(manifest: Manifest, path: Path, note: string): void {
    this.record({ manifest, path, outcome: "lost", note });
  }
  foreign(manifest: Manifest, note: string): void {
    this.record({ manifest, path: ["kind"], outcome: "foreign", note });
  }

  /** A resource that goes into several policies says the same of each of its fields only once. */
  record(entry: Entry): void {
    const key = JSON.stringify([entry.path, entry.outcome, entry.note]);
    const own = this.byManifest.get(entry.manifest) ?? { known: new Set(), entries: [] };
    if (own.known.has(key)) return;
    own.known.add(key);
    own.entries.push(entry);
    this.byManifest.set(entry.manifest, own);
    this.entries.push(entry);
  }

  /** True if anything was said of a resource. */
  mentions(manifest: Manifest): boolean {
    return this.byManifest.has(manifest);
  }

  entriesOf(manifest: Manifest): readonly Entry[] {
    return this.byManifest.get(manifest)?.entries ?? [];
  }

  /** Speaks for every leaf below `path` that no entry covers. */
  close(manifest: Manifest, path: Path = ["spec"]): void {
    const own = this.entriesOf(manifest).map((entry) => entry.path);
    for (const leaf of leavesOf(at(manifest.value, ...path), path)) {
      if (own.some((covered) => isWithin(leaf, covered))) continue;
      this.lost(manifest, leaf, "migrate does not know this field");
    }
  }

  /** Each document that anything was said of, in the order of reading. */
  documents(): Map<Manifest, DocumentOutcome> {
    const all = [...this.byManifest].map(
      ([manifest, { entries }]) => [manifest, documentOutcome(entries)] as const,
    );
    return new Map(all);
  }

  /** One finding per entry, by file and line. Documents of other kinds are counted elsewhere. */
  findings(): Finding[] {
    const files = new Map<string, number>();
    for (const { manifest } of this.entries)
      if (!files.has(manifest.file)) files.set(manifest.file, files.size);
    const ranked = this.entries
      .filter(({ outcome, note }) => outcome !== "foreign" || note !== "")
      .map((entry) => {
        const finding = findingOf(entry);
        return { finding, rank: files.get(finding.place.file)! * 1e7 + finding.place.line };
      });
    return ranked.sort((a, b) => a.rank - b.rank).map(({ finding }) => finding);
  }

  count(outcome: Outcome): number {
    return this.entries.filter((entry) => entry.outcome === outcome).length;
  }
}

function findingOf({ manifest, path, outcome, note }: Entry): Finding {
  return {
    severity: outcome === "lost" ? "warning" : "note",
    rule: outcome,
    place: manifest.place(path),
    what: `${manifest.title} ${pathText(path)}`,
    why: `${words[outcome]}: ${note}`,
  };
}

/** The words for people. */
export const words: Record<Outcome, string> = {
  carried: "carried over",
  changed: "changed",
  kept: "kept as it is",
  lost: "not possible",
  foreign: "not migrate's",
};

function documentOutcome(entries: readonly Entry[]): DocumentOutcome {
  const has = (...outcomes: Outcome[]) => entries.some((entry) => outcomes.includes(entry.outcome));
  if (has("carried", "changed")) return has("kept", "lost") ? "in part" : "migrated";
  if (has("kept")) return "kept";
  return has("lost") ? "lost" : "foreign";
}

/** Paths of everything that is not a map or a list; an empty one of those is a leaf too. */
function leavesOf(value: unknown, path: Path): Path[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.length > 0)
    return value.flatMap((item, index) => leavesOf(item, [...path, index]));
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
  return (
    path.length <= leaf.length && path.every((step, index) => String(step) === String(leaf[index]))
  );
}
