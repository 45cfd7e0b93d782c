// A migration report and its plan as people read them.
import { pathText } from "../core/source.ts";
import type { Manifest } from "../core/source.ts";
import type { PlanStep } from "../migrate/plan.ts";
import { words } from "../migrate/report.ts";
import type { DocumentOutcome, Entry, Report } from "../migrate/report.ts";
import { wrapped } from "./wrap.ts";

/** A heading for each resource; below it a line for each field that is not just carried over. */
export function reportText(report: Report, columns: number): string {
  const named = [...report.documents().keys()].filter((manifest) =>
    report.entriesOf(manifest).some(({ outcome, note }) => outcome !== "foreign" || note !== ""),
  );
  return named.map((manifest) => resourceText(report, manifest, columns)).join("\n\n");
}

function resourceText(report: Report, manifest: Manifest, columns: number): string {
  const entries = report.entriesOf(manifest);
  const carried = entries.filter(({ outcome }) => outcome === "carried");
  const others = entries.filter(({ outcome }) => outcome !== "carried").sort(byLine);
  const paths = [...new Set(carried.map(({ path }) => pathText(path)))];
  return [
    wrapped(`${manifest.title} (${manifest.file})`, columns, 2),
    ...others.map((entry) => wrapped(entryText(entry), columns, 6)),
    ...(paths.length > 0 ? [wrapped(`  carried over: ${paths.join(", ")}`, columns, 6)] : []),
  ].join("\n");
}

function entryText({ manifest, path, outcome, note }: Entry): string {
  return `  ${words[outcome]}: ${pathText(path)} (line ${manifest.place(path).line}): ${note}`;
}

function byLine(a: Entry, b: Entry): number {
  return a.manifest.place(a.path).line - b.manifest.place(b.path).line;
}

const documentWords: [DocumentOutcome, string][] = [
  ["migrated", "migrated"],
  ["in part", "migrated in part"],
  ["kept", "stay as they are"],
  ["lost", "cannot be used"],
];

/** How many documents became what; those of other kinds by kind. */
export function countsText(report: Report): string {
  const documents = [...report.documents()];
  const parts = documentWords.flatMap(([outcome, text]) => {
    const count = documents.filter(([, each]) => each === outcome).length;
    return count > 0 ? [`${count} ${text}`] : [];
  });
  const foreign = new Map<string, number>();
  for (const [{ kind }, outcome] of documents)
    if (outcome === "foreign") foreign.set(kind || "no kind", (foreign.get(kind) ?? 0) + 1);
  const total = [...foreign.values()].reduce((sum, count) => sum + count, 0);
  const kinds = [...foreign].map(([kind, count]) => `${count} ${kind}`).join(", ");
  if (total > 0) parts.push(`${total} of kinds that migrate does not read (${kinds})`);
  const fields = (["carried", "changed", "kept", "lost"] as const)
    .map((outcome) => `${report.count(outcome)} ${fieldWords[outcome]}`)
    .join(", ");
  return `${documents.length} documents: ${parts.join(", ")}\n${fields}`;
}

const fieldWords = {
  carried: "carried over",
  changed: "changed",
  kept: "kept as they are",
  lost: "not possible",
};

export function planText(steps: readonly PlanStep[], columns: number): string {
  const lines = steps.flatMap(({ what, commands, notes }, at) => [
    wrapped(`  ${at + 1}. ${what}`, columns, 5),
    // Never broken: a command is copied.
    ...commands.map((command) => `       ${command}`),
    ...notes.map((note) => wrapped(`     ${note}`, columns, 5)),
  ]);
  return ["plan:", ...lines].join("\n");
}
