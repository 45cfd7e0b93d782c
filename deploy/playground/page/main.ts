// The page: files on the left, what the filters make of them on the right. Every change asks the
// worker again; an answer to an older text is dropped.
import { stringify } from "yaml";
import type { Case } from "../../emulator/cases.ts";
import type { CaseResult, Checked, Remark } from "../engine/protocol.ts";
import { showAnswer, showRefusal } from "./answer-view.ts";
import { showCases, showCasesRefusal } from "./cases-view.ts";
import { showCrowd } from "./crowd-view.ts";
import { byId, debounced, el } from "./dom.ts";
import { Editor } from "./editor.ts";
import { openFolder, save } from "./folder.ts";
import type { Preset } from "./preset.ts";
import { Refusal, Remote } from "./remote.ts";
import { RequestForm } from "./request-form.ts";
import { SchemaHelp } from "./schema-help.ts";
import { fragmentOf, stateOf } from "./share.ts";
import type { Shared } from "./share.ts";
import { tabs } from "./tabs.ts";

/** An editor waits this long for the next key before it asks. */
const QUIET_MILLIS = 250;

const remote = new Remote();
let help: SchemaHelp | undefined;
let checked: Checked | undefined;
/** Counts the changes: an answer belongs to the change that asked for it. */
let revision = 0;
let checkedText: string | undefined;

const editorOf = (id: string, label: string, changed: () => void, hasHelp = false) =>
  new Editor({
    parent: byId(id),
    label,
    text: "",
    changed,
    help: () => (hasHelp ? help : undefined),
  });
/** A text that was opened is checked at once, not again when the editor reports it. */
const later = debounced(QUIET_MILLIS, () => {
  if (settings.text !== checkedText) void recheck();
});
const settings = editorOf("panel-settings", "edge.yaml", later, true);
const casefile = editorOf("panel-casefile", "cases.yaml", debounced(QUIET_MILLIS, recase));
const manifests = editorOf("manifests", "Istio resources", () => undefined);
const form = new RequestForm(() => void send());
const selectFile = tabs(document.querySelector('[aria-label="Files"][role="tablist"]')!, () => {});
const selectResult = tabs(
  document.querySelector('[aria-label="Results"][role="tablist"]')!,
  () => {},
);

function toast(text: string): void {
  byId("toast").textContent = text;
}

async function recheck(): Promise<void> {
  const mine = ++revision;
  const text = settings.text;
  checkedText = text;
  // The decision is what people wait for: it is asked for first.
  const sending = send();
  try {
    const result = await remote.ask("check", text);
    if (mine !== revision) return;
    checked = result;
    showProblems(result.remarks);
    if (result.filters.length === 0) return showRefusal("edge.yaml has errors: fix them first.");
  } catch (error) {
    if (mine !== revision) return;
    checked = undefined;
    showProblems(remarksOf(error, "edge.yaml"));
    return showRefusal((error as Error).message);
  }
  byId("crowd-failing").toggleAttribute("disabled", !checked.canary?.guarded);
  await Promise.all([sending, runCases()]);
}

/** New settings run the cases anyway. */
async function recase(): Promise<void> {
  if (checkedText === settings.text) await runCases();
}

function remarksOf(error: unknown, file: string): Remark[] {
  const known = error instanceof Refusal ? error.remarks : [];
  if (known.length > 0) return known;
  const text = (error as Error).message;
  return [{ severity: "error", file, line: 1, column: 1, text }];
}

function showProblems(remarks: Remark[]): void {
  const shown = remarks.filter(({ severity }) => severity !== "note");
  settings.mark(shown);
  const errors = shown.filter(({ severity }) => severity === "error").length;
  const title = byId("problem-title");
  const warnings = shown.length - errors;
  title.textContent =
    shown.length === 0
      ? "✓ No errors"
      : `${errors} ${errors === 1 ? "error" : "errors"}, ${warnings} ${warnings === 1 ? "warning" : "warnings"}`;
  title.className = errors > 0 ? "bad" : "good";
  byId("problems").replaceChildren(
    ...shown.map(({ severity, line, column, text }) =>
      el(
        "li",
        { class: severity },
        el(
          "button",
          {
            type: "button",
            class: "link",
            click: () => {
              selectFile("tab-settings");
              settings.goTo(line, column);
            },
          },
          `line ${line}`,
        ),
        ` ${text}`,
      ),
    ),
  );
}

async function send(): Promise<void> {
  const mine = revision;
  try {
    const request = form.toCase();
    const sent = await remote.ask("send", settings.text, request);
    if (mine !== revision) return;
    const { method = "GET", authority, path } = request.request!;
    showAnswer(sent, `${method} ${authority ?? checked?.host ?? ""}${path}`);
  } catch (error) {
    if (mine === revision) showRefusal((error as Error).message);
  }
}

async function runCases(): Promise<void> {
  const mine = revision;
  const text = casefile.text;
  if (text.trim() === "")
    return showCases({ results: [], passed: 0, failed: 0, remarks: [] }, caseActions);
  try {
    const run = await remote.ask("cases", settings.text, text);
    if (mine !== revision || text !== casefile.text) return;
    casefile.mark(
      run.results.flatMap(({ ok, line, differences }) =>
        ok ? [] : [remark(line ?? 1, differences.join("\n"))],
      ),
    );
    showCases(run, caseActions);
  } catch (error) {
    if (mine !== revision || text !== casefile.text) return;
    casefile.mark(remarksOf(error, "cases.yaml").filter(({ file }) => file === "cases.yaml"));
    showCasesRefusal((error as Error).message);
  }
}

function remark(line: number, text: string): Remark {
  return { severity: "error", file: "cases.yaml", line, column: 1, text };
}

const caseActions = {
  goTo: (line: number) => {
    selectFile("tab-casefile");
    casefile.goTo(line);
  },
  open: ({ case: chosen }: CaseResult) => {
    form.show(chosen);
    selectResult("tab-request");
    void send();
  },
};

/** The request of the form, with what just came of it, at the end of cases.yaml. */
async function addCase(): Promise<void> {
  try {
    const request = form.toCase("describe what this request shows");
    const { observed } = await remote.ask("send", settings.text, request);
    const { status, variant, limit, reason } = observed;
    const expect: Case["expect"] = {
      status,
      ...(variant && status < 400 && { variant }),
      ...(limit && { limit }),
      ...(reason && { reason }),
    };
    const before = casefile.text.trimEnd();
    casefile.text = `${before}${before ? "\n\n" : ""}${stringify([{ ...request, expect }])}`;
    selectFile("tab-casefile");
    casefile.goTo(casefile.text.split("\n").length);
    toast("The request is now the last case of cases.yaml: give it a name.");
  } catch (error) {
    showRefusal((error as Error).message);
  }
}

async function runCrowd(): Promise<void> {
  const number = (id: string) => Number(byId<HTMLInputElement>(id).value) || 0;
  const plan = {
    clients: Math.max(1, number("crowd-clients")),
    requestsEach: Math.max(1, number("crowd-each")),
    seconds: Math.max(1, number("crowd-seconds")),
    failing: number("crowd-failing"),
    token: byId<HTMLInputElement>("crowd-token").checked,
    path: form.state.path || "/",
    authority: form.state.host || undefined,
  };
  byId("crowd-note").textContent = "running…";
  try {
    const started = performance.now();
    const run = await remote.ask("crowd", settings.text, plan);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    byId("crowd-note").textContent = `done in ${seconds} s`;
    showCrowd(run, checked?.canary?.variants ?? []);
  } catch (error) {
    byId("crowd-note").textContent = (error as Error).message;
  }
}

async function migrate(): Promise<void> {
  const output = byId("migrated");
  try {
    const result = await remote.ask("migrate", manifests.text);
    manifests.mark(result.remarks);
    output.textContent = result.settings;
    output.hidden = false;
    byId("adopt").hidden = false;
    byId("migrate-counts").textContent = `${result.counts}. ${result.compared}.`;
    byId("migrate-report").replaceChildren(
      ...result.differences.map((text) => el("li", { class: "warning" }, text)),
      ...result.remarks.map(({ severity, line, text }) =>
        el("li", { class: severity }, `line ${line}: ${text}`),
      ),
    );
  } catch (error) {
    output.hidden = true;
    byId("adopt").hidden = true;
    byId("migrate-report").replaceChildren();
    byId("migrate-counts").textContent = (error as Error).message;
    manifests.mark(remarksOf(error, "manifests.yaml"));
  }
}

function adopt(): void {
  settings.text = byId("migrated").textContent ?? "";
  casefile.text = "";
  selectFile("tab-settings");
  settings.focus();
}

async function share(): Promise<void> {
  try {
    const state = {
      settings: settings.text,
      cases: casefile.text,
      manifests: manifests.text,
      form: form.state,
    };
    const fragment = await fragmentOf(state);
    history.replaceState(null, "", fragment);
    await navigator.clipboard?.writeText(location.href).catch(() => undefined);
    toast("The address of this page now holds your files. It is copied.");
  } catch (error) {
    toast((error as Error).message);
  }
}

function download(): void {
  for (const [name, text] of [
    ["edge.yaml", settings.text],
    ["cases.yaml", casefile.text],
  ] as const) {
    const href = URL.createObjectURL(new Blob([text], { type: "application/yaml" }));
    el("a", { href, download: name }).click();
    URL.revokeObjectURL(href);
  }
  toast("Downloaded edge.yaml and cases.yaml.");
}

async function saveBack(): Promise<void> {
  try {
    await save("edge.yaml", settings.text);
    await save("cases.yaml", casefile.text);
    toast("Saved edge.yaml and cases.yaml.");
  } catch (error) {
    toast((error as Error).message);
  }
}

function open(state: Shared): void {
  casefile.text = state.cases;
  manifests.text = state.manifests ?? "";
  if (state.form) form.state = state.form;
  settings.text = state.settings;
  void recheck();
}

/** Opens what was asked for: a link's state, else the folder's files, else the first example. */
async function begin(): Promise<void> {
  const presets = (await (await fetch("presets.json")).json()) as Preset[];
  const choice = byId<HTMLSelectElement>("preset");
  for (const { id, title } of presets) choice.append(el("option", { value: id }, title));
  const choose = (id: string) => {
    const preset = presets.find((each) => each.id === id) ?? presets[0]!;
    choice.value = preset.id;
    form.show(preset.request);
    open(preset);
  };
  choice.addEventListener("change", () => {
    history.replaceState(null, "", `#${choice.value}`);
    choose(choice.value);
  });
  const folder = await openFolder();
  byId("save").hidden = folder === undefined;
  try {
    const shared = await stateOf(location.hash);
    if (shared) return open(shared);
  } catch (error) {
    toast((error as Error).message);
  }
  const own = folder?.files["edge.yaml"];
  if (own === undefined || location.hash.length > 1) return choose(location.hash.slice(1));
  choice.prepend(el("option", { value: "", selected: true }, `folder ${folder!.name}`));
  open({ settings: own, cases: folder!.files["cases.yaml"] ?? "" });
}

byId("share").addEventListener("click", () => void share());
byId("download").addEventListener("click", download);
byId("save").addEventListener("click", () => void saveBack());
byId("add-case").addEventListener("click", () => void addCase());
byId("migrate").addEventListener("click", () => void migrate());
byId("adopt").addEventListener("click", adopt);
byId("reset").addEventListener("click", () => void remote.ask("reset").then(send));
byId("crowd").addEventListener("submit", (event) => {
  event.preventDefault();
  void runCrowd();
});
void remote.ask("schemas").then((schemas) => (help = new SchemaHelp(schemas)));
begin().catch((error: Error) => showRefusal(error.message));
