// `gatehouse migrate`: the manifests people run → settings files on standard output, the report on standard error.
import { writeFileSync } from "node:fs";
import { migrate } from "../migrate/migrate.ts";
import type { Answer } from "../output.ts";
import { ToolError, reasonOf, textOf } from "../problem.ts";
import { read } from "../source.ts";
import type { Manifest } from "../source.ts";
import { yamlText } from "../yaml-text.ts";

export interface MigrateFlags {
  image: string;
  report?: string;
  cluster?: boolean;
  context?: string;
  kubeconfig?: string;
}

export function migrateCommand(manifests: Manifest[], flags: MigrateFlags): Answer {
  const { documents, report } = migrate(manifests, flags.image);
  if (documents.length === 0) {
    const kinds = [...new Set(manifests.map(({ kind }) => kind).filter(Boolean))].join(", ");
    throw new ToolError(
      "input",
      `nothing to migrate among ${kinds || "what was read"}: it reads RequestAuthentication, AuthorizationPolicy, EnvoyFilter with local_ratelimit, VirtualService, Canary, Telemetry and MeshConfig`,
    );
  }
  const entries = report.entries.map(({ manifest, path, fate, note }) => ({
    resource: manifest.title,
    ...manifest.place(path),
    path,
    fate,
    note,
  }));
  const counts = `${report.count("carried")} carried over, ${report.count("changed")} changed, ${report.count("kept")} kept as they are, ${report.count("lost")} not possible`;
  if (flags.report) write(flags.report, report.findings().map(textOf).join("\n") + `\n${counts}\n`);
  const text = yamlText(
    documents.map(({ value, from }) => ({
      value,
      comments: [`Migrated from ${from.map((manifest) => `${manifest.title} (${manifest.file})`).join(", ")}.`],
    })),
  );
  return {
    ok: true,
    text,
    data: { documents: documents.map(({ value }) => value), report: entries, counts },
    remarks: flags.report ? [counts] : [...report.findings().map(textOf), counts],
  };
}

export function manifestsOf(paths: string[]): Manifest[] {
  const { manifests, findings } = read(paths);
  const broken = findings.find((finding) => finding.severity === "error");
  if (broken) throw new ToolError("input", textOf(broken));
  return manifests;
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new ToolError("input", `cannot write the report: ${reasonOf(error)}`, { cause: error });
  }
}
