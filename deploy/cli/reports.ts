// What `validate` found, in the forms that CI systems read: annotations of GitHub Actions, SARIF
// 2.1.0, JUnit XML.
import { version } from "../core/filter-schemas.ts";
import type { Finding, Severity } from "../core/problem.ts";

export const reportForms = ["github", "sarif", "junit"] as const;
export type ReportForm = (typeof reportForms)[number];

/** The findings as one text; `files` are all that were looked at. */
export function reportOf(form: ReportForm, findings: Finding[], files: string[]): string {
  if (form === "github") return findings.map(annotation).join("\n");
  return form === "sarif" ? sarif(findings) : junit(findings, files);
}

function messageOf({ what, why, right }: Finding): string {
  return [what, why, right].filter(Boolean).join("; ");
}

/** A workflow command; a note is a `notice`. */
function annotation(finding: Finding): string {
  const { severity, rule, place } = finding;
  const command = severity === "note" ? "notice" : severity;
  const data = (text: string) =>
    text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const property = (text: string) => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
  const where = `file=${property(place.file)},line=${place.line},col=${place.column}`;
  return `::${command} ${where},title=${property(rule)}::${data(messageOf(finding))}`;
}

function sarif(findings: Finding[]): string {
  const rules = [...new Set(findings.map(({ rule }) => rule))].sort();
  const results = findings.map((finding) => ({
    ruleId: finding.rule,
    ruleIndex: rules.indexOf(finding.rule),
    level: finding.severity,
    message: { text: messageOf(finding) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: {
            uri: finding.place.file.split("/").map(encodeURIComponent).join("/"),
          },
          region: { startLine: finding.place.line, startColumn: finding.place.column },
        },
      },
    ],
  }));
  const driver = { name: "gatehouse", version, rules: rules.map((id) => ({ id })) };
  return JSON.stringify(
    {
      $schema: "https://json.schemastore.org/sarif-2.1.0.json",
      version: "2.1.0",
      runs: [{ tool: { driver }, columnKind: "unicodeCodePoints", results }],
    },
    null,
    2,
  );
}

/** A test case for each file; errors are failures, all else is its output. */
function junit(findings: Finding[], files: string[]): string {
  const all = [...new Set([...files, ...findings.map(({ place }) => place.file)])];
  const cases = all.map((file) => {
    const own = findings.filter(({ place }) => place.file === file);
    const lines = (chosen: Severity[]) =>
      own
        .filter(({ severity }) => chosen.includes(severity))
        .map(
          (one) => `${file}:${one.place.line}: ${one.severity}: ${messageOf(one)} [${one.rule}]`,
        );
    const errors = lines(["error"]);
    const rest = lines(["warning", "note"]);
    const failure = errors.length
      ? `\n      <failure message="${xml(`${errors.length} errors`)}">${xml(errors.join("\n"))}</failure>`
      : "";
    const output = rest.length ? `\n      <system-out>${xml(rest.join("\n"))}</system-out>` : "";
    return `    <testcase classname="gatehouse.validate" name="${xml(file)}">${failure}${output}\n    </testcase>`;
  });
  const failures = new Set(
    findings.filter(({ severity }) => severity === "error").map(({ place }) => place.file),
  ).size;
  const counts = `name="gatehouse validate" tests="${all.length}" failures="${failures}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n  <testsuite ${counts}>\n${cases.join("\n")}\n  </testsuite>\n</testsuites>`;
}

/** XML 1.0 has no other control characters than tab and line ends. */
function xml(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
