// Telemetry.
import { parse } from "@marcbachmann/cel-js";
import type { Field } from "./field.ts";
import { checkTargets } from "./selector.ts";

export function checkTelemetry(spec: Field): void {
  checkTargets(spec);
  for (const kind of ["metrics", "tracing", "accessLogging"])
    for (const entry of spec.items(kind)) {
      for (const provider of entry.items("providers"))
        if (provider.at("name").text === "")
          provider.refuse("the provider has no name", "set name");
    }
  for (const metrics of spec.items("metrics"))
    for (const override of metrics.items("overrides")) checkOverride(override);
  for (const tracing of spec.items("tracing")) checkTracing(tracing);
  for (const logging of spec.items("accessLogging")) checkExpression(logging.at("filter"));
}

function checkOverride(override: Field): void {
  for (const [, tag] of override.entries("tagOverrides")) {
    const value = tag.at("value").text;
    const isRemoved = tag.at("operation").text === "REMOVE";
    if (isRemoved && value !== "") tag.at("value").refuse("REMOVE has no value", "remove value");
    if (!isRemoved && value === "") tag.refuse("UPSERT has no value", "set value");
  }
  const custom = override.at("match", "customMetric");
  if (custom.isSet && custom.text === "") custom.refuse("the metric has no name");
}

function checkTracing(tracing: Field): void {
  const percentage = tracing.at("randomSamplingPercentage");
  if (percentage.number < 0 || percentage.number > 100)
    percentage.refuse("is no percentage", "write 0 to 100");
  for (const [name, tag] of tracing.entries("customTags")) {
    if (name === "") tag.refuse("the tag has no name");
    const literal = tag.at("literal");
    if (literal.isSet && literal.at("value").text === "") literal.refuse("the value is empty");
    for (const kind of ["header", "environment"])
      if (tag.has(kind) && tag.at(kind, "name").text === "") tag.at(kind).refuse("name is missing");
  }
}

function checkExpression(filter: Field): void {
  if (!filter.isSet) return;
  try {
    parse(filter.at("expression").text);
  } catch (error) {
    const [reason] = (error as Error).message.split("\n");
    filter.at("expression").refuse(`no CEL expression: ${reason}`);
  }
}
