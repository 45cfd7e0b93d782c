// Cases through the filters of one place: set up once, one after the other, compared with what is
// expected.
import { load } from "../core/load.ts";
import { ToolError, hasErrors, textOf } from "../core/problem.ts";
import type { Case } from "../emulator/cases.ts";
import type { Request } from "../emulator/exchange.ts";
import { differences } from "../emulator/expectation.ts";
import { isPlugin, pluginsIn, pluginsOf } from "../validate/plugin.ts";
import { answersOf, inOrder, issuerFor, proxyOf } from "./chain.ts";
import type { Link, Scripted } from "./chain.ts";
import { explain } from "./explain.ts";
import type { Explained } from "./explain.ts";
import { filled } from "./placeholders.ts";
import { routingOf } from "./route.ts";
import type { Routing } from "./route.ts";

export interface TryOptions {
  /** Settings files or plugins, and what else routes the request. */
  files: string[];
  /** The policy to try, where the files hold several. */
  policy?: string;
  cases: Case[];
  /** What other services answer to the filters' calls. */
  calls?: Scripted[];
  /** The clock at the start; default: now. */
  start?: Date;
}

export interface TryResult {
  name: string;
  ok: boolean;
  differences: string[];
  request: Request;
  /** One for each repetition. */
  runs: Explained[];
}

interface Chain {
  links: Link[];
  routing: Routing;
}

export function tryCases({ cases, calls = [], start = new Date(), ...place }: TryOptions) {
  return runCases(chainOf(place, start), cases, calls, start);
}

/** Throws `invalid` when a filter refuses its settings. */
export function runCases(
  { links, routing }: Chain,
  cases: Case[],
  calls: Scripted[],
  start: Date,
): TryResult[] {
  const issuer = issuerFor(links);
  // Once for nothing: the issuer's keys must be there before the filters ask for them.
  filled(cases, issuer, 0);
  const proxy = proxyOf(links, [...calls, ...answersOf(issuer, links)], start);
  const results = cases.map((each): TryResult => {
    const runs = explain(proxy, links, each, routing, issuer);
    const wrong = runs.flatMap(({ observed }) => differences(observed, each.expect ?? {}));
    return {
      name: each.name,
      ok: wrong.length === 0,
      differences: [...new Set(wrong)],
      request: each.request ?? {},
      runs,
    };
  });
  proxy.shutdown();
  return results;
}

/** The filters of the chosen place, and what the mesh routes after them. */
export function chainOf(
  { files, policy: chosen }: Pick<TryOptions, "files" | "policy">,
  start: Date,
): Chain {
  const loaded = load(files);
  if (hasErrors(loaded.findings))
    throw new ToolError(
      "invalid",
      `these settings cannot be used:\n${loaded.findings.map(textOf).join("\n")}`,
    );
  const isChosen = (name: string, namespace: string) =>
    !chosen || chosen === name || chosen === `${namespace}/${name}`;
  const policies = loaded.policies.filter((policy) => isChosen(policy.name, policy.namespace));
  const resources = chosen ? [] : loaded.others.filter(isPlugin).flatMap(pluginsIn);
  const plugins = [
    ...policies.flatMap((policy) => pluginsOf(policy, "WasmPlugin", start).plugins),
    ...resources,
  ];
  const links = inOrder(plugins);
  if (links.length === 0) {
    const names = loaded.policies.map(({ name }) => name).join(", ");
    const what = chosen ? `no policy is called ${chosen}` : "no filter of ours is configured there";
    throw new ToolError("usage", names ? `${what}; there are ${names}` : what);
  }
  return { links, routing: routingOf(loaded.policies, loaded.others) };
}
