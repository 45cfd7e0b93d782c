// `gatehouse validate`: findings about files, folders or standard input.
import { withoutTemplates } from "../../core/templates.ts";
import { partsOf } from "../../core/kustomize.ts";
import type { Answer, Output } from "../output.ts";
import { reportForms, reportOf } from "../reports.ts";
import { ToolError } from "../../core/problem.ts";
import type { Finding } from "../../core/problem.ts";
import { read } from "../../core/source.ts";
import { validate } from "../../validate/validate.ts";

export interface ValidateFlags {
  istio?: string;
  ignore?: string[];
  strict?: boolean;
  verbose?: boolean;
  json?: boolean;
  output?: string;
}

export async function validateCommand(
  _out: Output,
  paths: string[],
  flags: ValidateFlags,
): Promise<Answer> {
  if (flags.istio && !/^1\.\d+(\.\d+)?$/.test(flags.istio)) {
    throw new ToolError(
      "usage",
      `--istio ${flags.istio}: no version of Istio; write one like 1.31`,
    );
  }
  const form = reportForms.find((one) => one === flags.output);
  const all = read(paths);
  const { manifests, templates } = withoutTemplates(all.manifests);
  const syntax = [...all.findings, ...templates];
  const { istio, ignore } = flags;
  const { findings, counts } = await validate(manifests, { istio, ignore });
  const parts = partsOf(manifests);
  const found = inOrder([...syntax.filter(({ place }) => !parts.has(place.file)), ...findings]);
  const count = (severity: Finding["severity"]) =>
    found.filter((finding) => finding.severity === severity).length;
  const errors = count("error");
  const warnings = count("warning");
  const shown =
    flags.verbose || flags.json ? found : found.filter((finding) => finding.severity !== "note");
  const looked = `${manifests.length} documents: ${counts.policies} policies, ${counts.resources} resources of the mesh (${counts.plugins} plugins), ${counts.foreign} left to others`;
  const ok = errors === 0 && !(flags.strict && warnings > 0);
  const data = { counts, errors, warnings };
  const files = [...new Set(manifests.map(({ file }) => file))];
  if (form && !flags.json) return { ok, text: reportOf(form, shown, files), data };
  return {
    ok,
    text: `${looked}\n${errors} errors, ${warnings} warnings`,
    data,
    findings: shown,
  };
}

/** By file in the order of reading, then by line. */
function inOrder(findings: Finding[]): Finding[] {
  const files = [...new Set(findings.map(({ place }) => place.file))];
  return findings.sort(
    (a, b) =>
      files.indexOf(a.place.file) - files.indexOf(b.place.file) || a.place.line - b.place.line,
  );
}
