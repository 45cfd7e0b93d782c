// What a rule does to a request that it takes.
import type { Exchange } from "../types.ts";
import { sharesOf } from "./virtual-service.ts";
import type { Rule } from "./virtual-service.ts";

export function applyRule(exchange: Exchange, rule: Rule): void {
  if (rule.options !== "{}") exchange.effects.options = rule.options;
  if (rule.answer !== undefined) exchange.effects.answer = rule.answer;
  else exchange.destinations = sharesOf(rule);
}
