// The order in which policies come into a cluster and go from it, as a list of steps. After each
// step no request passes that did not pass before, so a run may break off anywhere and go on later.
import { isQuietBehind, keepingHeaders, keepingToken } from "../render/transition.ts";
import { titleOf } from "../core/resource.ts";
import type { Header, Resource } from "../core/resource.ts";
import { isAuthentication, isBeside } from "./natives.ts";
import type { Intent } from "./intent.ts";

export type Step =
  | { do: "begin"; intent: Intent }
  | { do: "complete"; intent: Intent }
  /** `isForced`: the cluster has what was read, or what we wrote: others' fields are taken over. */
  | { do: "apply"; resource: Resource; title: string; isForced?: boolean }
  | { do: "remove"; header: Header; title: string }
  /** Until istiod has accepted plugins, and for the pause in which proxies take a change over. */
  | { do: "wait"; plugins: Resource[]; title: string };

export function stepsOf(intents: readonly Intent[]): Step[] {
  const back = intents.filter(({ isBack }) => isBack);
  const moving = intents.filter((intent) => !intent.isBack && isMigration(intent));
  const plain = intents.filter((intent) => !back.includes(intent) && !moving.includes(intent));
  return [
    ...plain.flatMap(plainSteps),
    ...(moving.length > 0 ? migrationSteps(moving) : []),
    ...(back.length > 0 ? backSteps(back) : []),
  ];
}

/** True if native resources go or change with the policy. */
export function isMigration({ natives }: Intent): boolean {
  return natives.companions.length + natives.replaced.length > 0;
}

function plainSteps(intent: Intent): Step[] {
  return [
    { do: "begin", intent },
    ...intent.resources.map((resource) => own(resource, intent)),
    ...routesFirst(intent.orphans).map(removing),
    { do: "complete", intent },
  ];
}

/**
 * The plugins beside the native filter, then the policies that read the plugins' headers, then the
 * end of what is replaced, and the plugins in their last form.
 */
function migrationSteps(intents: readonly Intent[]): Step[] {
  const all = intents.flatMap((intent) => intent.resources.map((one) => beside(one, intent)));
  const first = all.filter(({ isRoute }) => !isRoute);
  const isBeside = first.some(({ isChanged }) => isChanged);
  const plugins = intents.flatMap(({ resources }) => resources.filter(isExtension));
  const companions = once(intents.flatMap(({ natives }) => natives.companions));
  const replaced = once(intents.flatMap(({ natives }) => natives.replaced));
  const removal = paused(replaced.map(removing), "the proxies drop what is gone");
  const settled = isBeside ? [...plugins.map((one) => applying(one)), waiting(plugins)] : [];
  return [
    ...intents.map((intent): Step => ({ do: "begin", intent })),
    ...first.map((one) => one.step),
    waiting(plugins),
    ...all.filter(({ isRoute }) => isRoute).map((one) => one.step),
    ...paused(companions.map(forced), "the proxies take the policies over"),
    // Behind a jwt-auth that takes the token away, the native filter must not ask for it.
    ...(plugins.every(isQuietBehind) ? [...settled, ...removal] : [...removal, ...settled]),
    ...intents.flatMap(({ orphans }) => routesFirst(orphans).map(removing)),
    ...intents.map((intent): Step => ({ do: "complete", intent })),
  ];
}

/** The same in reverse: the plugins go last. */
function backSteps(intents: readonly Intent[]): Step[] {
  const originals = once(intents.flatMap(({ natives }) => natives.originals));
  const policies = originals.filter(({ kind }) => kind === "AuthorizationPolicy");
  const others = originals.filter((one) => !policies.includes(one));
  const copies = once(intents.flatMap(({ natives }) => natives.companions.filter(isBeside)));
  const hasToken = originals.some(isAuthentication);
  const plugins = intents.flatMap(({ leaving = [] }) => leaving.filter(isExtension));
  const first = hasToken
    ? [...plugins.map((one) => applying(keepingToken(one), besideNote)), waiting(plugins)]
    : [];
  return [
    ...intents.map((intent): Step => ({ do: "begin", intent })),
    ...first,
    ...paused(others.map(forced), "the proxies take the native resources over"),
    ...paused(
      [...policies.map(forced), ...copies.map(removing)],
      "the proxies take the policies over",
    ),
    ...intents.flatMap(({ orphans }) => routesFirst(orphans).map(removing)),
    ...intents.map((intent): Step => ({ do: "complete", intent })),
  ];
}

const besideNote = "beside the native JWT filter";

interface Beside {
  step: Step;
  isChanged: boolean;
  isRoute: boolean;
}

/** A resource as it has to be until the native resources are gone. */
function beside(resource: Resource, intent: Intent): Beside {
  const isRoute = resource.kind === "VirtualService";
  if (!isExtension(resource)) return { step: own(resource, intent), isChanged: false, isRoute };
  const { natives, live } = intent;
  const known = live.find((one) => titleOf(one) === titleOf(resource));
  const bridged = natives.isReworded ? keepingHeaders(resource, known) : resource;
  const form = natives.replaced.some(isAuthentication) ? keepingToken(bridged) : bridged;
  const isChanged = JSON.stringify(form) !== JSON.stringify(resource);
  return { step: applying(form, isChanged ? besideNote : undefined), isChanged, isRoute };
}

/** A route by a plugin's header goes before the plugin. */
function routesFirst(orphans: readonly Header[]): Header[] {
  const isRoute = ({ kind }: Header) => kind === "VirtualService";
  return [...orphans.filter(isRoute), ...orphans.filter((one) => !isRoute(one))];
}

export function isExtension({ apiVersion }: Header): boolean {
  return apiVersion.startsWith("extensions.istio.io/");
}

function applying(resource: Resource, note?: string): Step {
  return { do: "apply", resource, title: titleOf(resource) + (note ? ` (${note})` : "") };
}

function own(resource: Resource, { taken }: Intent): Step {
  return taken.has(titleOf(resource)) ? forced(resource) : applying(resource);
}

function forced(resource: Resource): Step {
  return { do: "apply", resource, title: titleOf(resource), isForced: true };
}

function removing({ apiVersion, kind, metadata }: Header): Step {
  const { name, namespace } = metadata;
  const header = { apiVersion, kind, metadata: { name, namespace } };
  return { do: "remove", header, title: `removal of ${titleOf(header)}` };
}

function waiting(plugins: Resource[]): Step {
  return {
    do: "wait",
    plugins,
    title: `istiod and the proxies take ${plugins.length} plugins over`,
  };
}

function paused(steps: Step[], title: string): Step[] {
  return steps.length === 0 ? [] : [...steps, { do: "wait", plugins: [], title }];
}

/** A resource that several policies share counts once. */
function once(resources: readonly Resource[]): Resource[] {
  return [...new Map(resources.map((one) => [titleOf(one), one])).values()];
}

/** The steps as people read them, each in one line. */
export function stepTexts(steps: readonly Step[]): string[] {
  return steps.flatMap((step) => {
    if (step.do === "apply") return [`apply ${step.title}`];
    if (step.do === "remove") return [step.title.replace("removal of", "delete")];
    return step.do === "wait" ? [`wait: ${step.title}`] : [];
  });
}
