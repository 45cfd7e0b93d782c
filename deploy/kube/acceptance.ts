// How istiod stands to what was applied: by the status that it writes, or else by the webhook
// that let it pass.
import { setTimeout as sleep } from "node:timers/promises";
import { ToolError } from "../core/problem.ts";
import { titleOf } from "../core/resource.ts";
import type { Header, Resource } from "../core/resource.ts";
import { at, listOf, mapsOf } from "../core/value.ts";
import type { Cluster } from "./cluster.ts";

/**
 * `admitted`: no status, but istiod's webhook stands before the API server. `unchecked`: not even
 * that.
 */
export interface Acceptance {
  title: string;
  state: "accepted" | "refused" | "admitted" | "unchecked";
  message?: string;
}

/** Pauses between looks, and how long silence means that istiod writes no status here. */
const pollMillis = 250;
const silenceMillis = 2_000;

/**
 * Waits until istiod has said something about the newest generation of each. An istiod that
 * writes no status (it writes some only for what has targetRefs) has its webhook, which every
 * apply has passed. Throws `timeout` when an older generation stays the last one that istiod has
 * seen.
 */
export async function awaitAccepted(
  cluster: Cluster,
  headers: Header[],
  timeoutMillis: number,
): Promise<Acceptance[]> {
  const started = Date.now();
  const waiting = new Map(headers.map((header) => [titleOf(header), header]));
  const accepted: Acceptance[] = [];
  let silent: Acceptance["state"] | undefined;
  for (;;) {
    for (const [title, header] of waiting) {
      const word = wordOf(await cluster.read(header));
      const isSilent = word === "silent" && Date.now() - started >= silenceMillis;
      if (word === "stale" || (word === "silent" && !isSilent)) continue;
      if (isSilent) silent ??= (await hasWebhook(cluster)) ? "admitted" : "unchecked";
      accepted.push(word === "silent" ? { title, state: silent! } : { title, ...(word as Word) });
      waiting.delete(title);
    }
    if (waiting.size === 0) return accepted;
    if (Date.now() - started > timeoutMillis) {
      const what = `istiod has not accepted ${[...waiting.keys()].join(", ")} within ${timeoutMillis / 1000} s`;
      throw new ToolError("timeout", `everything was applied, but ${what}: look at its log`);
    }
    await sleep(pollMillis);
  }
}

type Word = Pick<Acceptance, "state" | "message">;

/** What the status of a live resource says; `stale` when it is about an older generation. */
export function wordOf(resource: Resource | undefined): Word | "silent" | "stale" {
  const conditions = mapsOf(at(resource, "status", "conditions"));
  if (conditions.length === 0) return "silent";
  const generation = Number(resource?.metadata?.generation ?? 0);
  const observed = Number(
    at(resource, "status", "observedGeneration") ?? conditions[0]!.observedGeneration ?? generation,
  );
  if (observed < generation) return "stale";
  const bad = conditions.find(
    ({ type, status }) => status === "False" && /Accepted|Reconciled|Ready/.test(String(type)),
  );
  return bad
    ? { state: "refused", message: String(bad.message ?? bad.reason ?? bad.type) }
    : { state: "accepted" };
}

/**
 * True if a webhook that fails closed looks at plugins. Who may not see webhooks gets the benefit
 * of the doubt.
 */
async function hasWebhook(cluster: Cluster): Promise<boolean> {
  let all: Resource[];
  try {
    all =
      (await cluster.list("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration")) ??
      [];
  } catch (error) {
    if (error instanceof ToolError && error.code === "cluster") return true;
    throw error;
  }
  const webhooks = all.flatMap((one) => mapsOf(one.webhooks));
  return webhooks.some(
    ({ failurePolicy, rules }) =>
      failurePolicy === "Fail" &&
      mapsOf(rules).some(({ apiGroups }) =>
        listOf(apiGroups).some((group) => group === "extensions.istio.io" || group === "*"),
      ),
  );
}

/** The same in half a sentence. */
export function acceptanceText(acceptance: Acceptance[]): string {
  const refused = acceptance.filter(({ state }) => state === "refused");
  if (refused.length > 0)
    return `; istiod refused ${refused.map(({ title, message }) => `${title} (${message})`).join(", ")}`;
  const states = new Set(acceptance.map(({ state }) => state));
  if (states.has("unchecked"))
    return "; they were not checked: no webhook of istiod that fails closed is installed";
  if (states.has("admitted")) return "; istiod's webhook admitted them";
  return states.size > 0 ? "; istiod accepted them" : "";
}
