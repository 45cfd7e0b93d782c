// The CORS policy of an HTTP route.
import { durationNanos } from "../go/duration.ts";
import { checkExpression } from "./expression.ts";
import type { Field } from "./field.ts";
import { checkDuration, isHeaderName } from "./values.ts";

const corsMethods = [
  ...["GET", "HEAD", "POST", "PUT", "PATCH"],
  ...["DELETE", "CONNECT", "OPTIONS", "TRACE", "*"],
];

export function checkCors(cors: Field): void {
  for (const origin of cors.items("allowOrigins")) {
    const match = origin.firstSet("exact", "prefix", "regex");
    if (!match?.text) origin.refuse("the origin is empty", "set exact, prefix or regex");
    else checkExpression(origin);
  }
  for (const method of cors.items("allowMethods"))
    if (!corsMethods.includes(method.text))
      method.refuse(`"${method.text}" is no method`, `write one of ${corsMethods.join(", ")}`);
  for (const header of [...cors.items("allowHeaders"), ...cors.items("exposeHeaders")])
    if (header.text !== "*" && !isHeaderName(header.text))
      header.refuse(`"${header.text}" is no name of a header`);
  checkDuration(cors.at("maxAge"));
  const age = durationNanos(cors.at("maxAge").text);
  if (age !== undefined && age % 1_000_000_000n > 0n)
    cors.at("maxAge").refuse("is finer than a second", "write whole seconds");
}
