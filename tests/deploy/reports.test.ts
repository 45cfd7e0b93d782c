// `validate -o`: what CI systems read.
import assert from "node:assert/strict";
import { test } from "node:test";
import { reportOf } from "../../deploy/cli/reports.ts";
import type { Finding } from "../../deploy/core/problem.ts";
import { gatehouse } from "./helper.ts";
import { workspace } from "./workspace.ts";

const file = workspace();
const good = "apiVersion: v1\nkind: Service\nmetadata: { name: a }\n";
const bad = `${good}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: b }
spec: { hostz: [a] }
`;

const odd: Finding = {
  severity: "warning",
  rule: "a,b:c",
  place: { file: "a b/100%,x:y.yaml", line: 3, column: 2 },
  what: 'the "first" <line>\nand the & second \u0001',
  right: "50% more",
};

test("-o github gives an annotation for each finding, and the exit code stays", async () => {
  const path = file("bad.yaml", bad);
  const { code, out, err } = await gatehouse("validate", path, "-o", "github");
  assert.equal(code, 1);
  assert.equal(err, "");
  assert.match(out, /^::error file=.*bad\.yaml,line=8,col=\d+,title=schema::.*hostz/);
});

test("text that would end an annotation is escaped", () => {
  assert.equal(
    reportOf("github", [odd], []),
    '::warning file=a b/100%25%2Cx%3Ay.yaml,line=3,col=2,title=a%2Cb%3Ac::the "first" <line>%0Aand the & second \u0001; 50%25 more',
  );
});

test("-o sarif names the rule, the level and the place of each finding", async () => {
  const { out } = await gatehouse("validate", file("bad.yaml", bad), "-o", "sarif");
  const { version, runs } = JSON.parse(out);
  assert.equal(version, "2.1.0");
  const [{ tool, results }] = runs;
  assert.equal(tool.driver.name, "gatehouse");
  const { ruleId, ruleIndex, level, message, locations } = results[0];
  assert.equal(tool.driver.rules[ruleIndex].id, ruleId);
  assert.equal(level, "error");
  assert.match(message.text, /hostz/);
  assert.equal(locations[0].physicalLocation.region.startLine, 8);
  const [{ locations: escaped }] = JSON.parse(reportOf("sarif", [odd], [])).runs[0].results;
  assert.equal(escaped[0].physicalLocation.artifactLocation.uri, "a%20b/100%25%2Cx%3Ay.yaml");
});

test("-o junit has a case for each file, and a failure only for errors", async () => {
  const paths = [file("good.yaml", good), file("bad.yaml", bad)];
  const { out } = await gatehouse("validate", ...paths, "-o", "junit");
  assert.match(out, /<testsuite name="gatehouse validate" tests="2" failures="1">/);
  assert.match(out, /name="[^"]*good\.yaml">\n\s*<\/testcase>/);
  assert.match(out, /name="[^"]*bad\.yaml">\n\s*<failure message="1 errors">[^<]*hostz/);
  const escaped = reportOf("junit", [odd], []);
  assert.match(escaped, /the &quot;first&quot; &lt;line&gt;\nand the &amp; second \ufffd/);
  assert.doesNotMatch(escaped, /<failure|\u0001/);
});

test("a report that does not exist is refused with those that do", async () => {
  const { code, err } = await gatehouse("validate", file("good.yaml", good), "-o", "xml");
  assert.equal(code, 2);
  assert.match(err, /Allowed choices are github, sarif, junit/);
});
