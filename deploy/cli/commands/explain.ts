// `gatehouse explain`: what a setting means, from the schema.
import { explain } from "../../core/explain.ts";
import type { Setting } from "../../core/explain.ts";
import { policySchema } from "../../core/policy-schema.ts";
import { ToolError } from "../../core/problem.ts";
import type { Answer, Output } from "../output.ts";

export function explainCommand(
  _out: Output,
  setting: string | undefined,
  flags: { schema?: boolean },
): Answer {
  if (flags.schema) {
    const schema = policySchema();
    return { ok: true, text: JSON.stringify(schema, null, 2), data: { schema } };
  }
  const found = explain(setting ?? "");
  if ("step" in found)
    throw new ToolError(
      "usage",
      [`${setting}: ${found.below} has no setting "${found.step}"`, found.right]
        .filter(Boolean)
        .join("; "),
    );
  return { ok: true, text: textOf(found), data: { setting: found } };
}

function textOf(setting: Setting): string {
  const { path, type, required, description, allowed, limits, children } = setting;
  const facts = [
    `type     ${type}`,
    `needed   ${required ? "yes" : "no"}`,
    setting.default === undefined ? "" : `default  ${JSON.stringify(setting.default)}`,
    allowed ? `allowed  ${allowed.map((one) => JSON.stringify(one)).join(", ")}` : "",
    limits.length > 0 ? `limits   ${limits.join(", ")}` : "",
  ].filter(Boolean);
  const width = Math.max(0, ...children.map(({ name }) => name.length));
  const rows = children.map(
    (child) =>
      `  ${child.name.padEnd(width)}  ${child.type}${child.required ? ", needed" : ""}${child.description ? `: ${firstSentence(child.description)}` : ""}`,
  );
  const below = rows.length > 0 ? ["", "settings below it:", ...rows] : [];
  return [
    path.join(".") || "settings file",
    ...facts,
    ...(description ? ["", description] : []),
    ...below,
  ].join("\n");
}

function firstSentence(text: string): string {
  return /^.*?[.:;](?=\s|$)/.exec(text)?.[0].replace(/[.:;]$/, "") ?? text;
}
