// Native YAML → settings, by the tool's own migrate.
import type { Outcome } from "../../compare/compare.ts";
import { collectedKinds, shown } from "../../compare/shown.ts";
import { ToolError, textOf } from "../../core/problem.ts";
import { parse } from "../../core/source.ts";
import { yamlText } from "../../core/yaml-text.ts";
import { migrate } from "../../migrate/migrate.ts";
import type { Migrated as Migration } from "../../migrate/migrate.ts";
import type { Migrated } from "./protocol.ts";
import { remarkOf } from "./remarks.ts";

type Proofs = Migration["proofs"];

const repository = "registry.example.com/gatehouse";

/** Throws `input` where the text is no YAML, or has nothing that the filters can take over. */
export function migrateText(text: string): Migrated {
  const { manifests, findings } = parse(text, "manifests.yaml");
  const broken = findings.find(({ severity }) => severity === "error");
  if (broken) throw new ToolError("input", textOf(broken), { place: broken.place });
  if (manifests.length === 0) throw new ToolError("input", "paste Istio resources first");
  const { documents, report, proofs } = migrate(manifests, repository);
  if (documents.length === 0)
    throw new ToolError(
      "input",
      "nothing here that the filters can take over; paste resources of the kinds above",
    );
  const count = (severity: string) =>
    report.findings().filter((finding) => finding.severity === severity).length;
  return {
    settings: yamlText(documents.map(({ value }) => ({ value }))),
    counts: `${count("note")} fields explained, ${count("warning")} not possible`,
    compared: comparedText(proofs),
    differences: collectedKinds(proofs.flatMap(({ result }) => result.rows)).map(
      (row) => `${row.outcome}: ${shown(row)}`,
    ),
    remarks: report.findings().map(remarkOf),
  };
}

function comparedText(proofs: Proofs): string {
  const sum = (of: (result: Proofs[number]["result"]) => number) =>
    proofs.reduce((total, { result }) => total + of(result), 0);
  const outcomes: Outcome[] = ["same", "stricter", "different"];
  const parts = outcomes
    .map((outcome) => [outcome, sum(({ counts }) => counts[outcome])] as const)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count} ${outcome === "same" ? "the same" : outcome}`);
  return `${sum(({ count }) => count)} requests compared with the native resources: ${parts.join(", ") || "none"}`;
}
