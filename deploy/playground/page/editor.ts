// CodeMirror as an editor for one YAML text: remarks at their place, completion and hover.
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import type { CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import {
  EditorView,
  drawSelection,
  highlightActiveLine,
  hoverTooltip,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Remark } from "../engine/protocol.ts";
import { el } from "./dom.ts";
import type { SchemaHelp } from "./schema-help.ts";
import { spotAt } from "./yaml-path.ts";

/** Above this size colours and completion cost more than they give. */
const PLAIN_BYTES = 200 * 1024;

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], class: "tok-key" },
  { tag: [tags.string, tags.special(tags.string)], class: "tok-text" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], class: "tok-value" },
  { tag: tags.comment, class: "tok-comment" },
  { tag: [tags.punctuation, tags.separator, tags.brace, tags.squareBracket], class: "tok-mark" },
]);

export interface EditorOptions {
  parent: HTMLElement;
  label: string;
  text: string;
  changed: () => void;
  /** Undefined until the schemas are there, or for a text that has none. */
  help: () => SchemaHelp | undefined;
}

export class Editor {
  private readonly view: EditorView;
  private readonly options: EditorOptions;

  constructor(options: EditorOptions) {
    this.options = options;
    this.view = new EditorView({ parent: options.parent, state: this.stateOf(options.text) });
  }

  private stateOf(text: string): EditorState {
    const { label, changed, help } = this.options;
    const rich = text.length <= PLAIN_BYTES;
    return EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        highlightActiveLine(),
        closeBrackets(),
        indentUnit.of("  "),
        lintGutter(),
        ...(rich
          ? [
              yaml(),
              syntaxHighlighting(colours),
              highlightSelectionMatches(),
              autocompletion({ override: [(context) => complete(context, help())] }),
              hoverTooltip((view, at) => hover(view, at, help())),
            ]
          : []),
        // Tab leaves the editor: everything can be reached with the keyboard alone.
        keymap.of([
          ...closeBracketsKeymap,
          ...completionKeymap,
          ...defaultKeymap,
          ...searchKeymap,
          ...historyKeymap,
          ...lintKeymap,
        ]),
        // The attribute tells assistive tools what contenteditable tells browsers.
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
        EditorView.updateListener.of(({ docChanged }) => docChanged && changed()),
      ],
    });
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  /** Another text, with a history of its own. */
  set text(text: string) {
    this.view.setState(this.stateOf(text));
    this.options.changed();
  }

  /** Underlines each remark from its column to the end of the word or line. */
  mark(remarks: Remark[]): void {
    const { doc } = this.view.state;
    const diagnostics = remarks.map(({ line, column, severity, text }) => {
      const row = doc.line(Math.min(Math.max(line, 1), doc.lines));
      const from = Math.min(row.from + Math.max(column - 1, 0), row.to);
      const word = /^[^:,\]}]+/.exec(row.text.slice(from - row.from))?.[0].length ?? 0;
      const to = Math.min(row.to, from + Math.max(word, 1));
      const level = severity === "note" ? "info" : severity;
      return { from: from === to ? row.from : from, to, severity: level, message: text } as const;
    });
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics));
  }

  goTo(line: number, column = 1): void {
    const row = this.view.state.doc.line(Math.min(Math.max(line, 1), this.view.state.doc.lines));
    const anchor = Math.min(row.from + column - 1, row.to);
    this.view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor) });
    this.view.focus();
  }

  focus(): void {
    this.view.focus();
  }
}

function complete(context: CompletionContext, help?: SchemaHelp): CompletionResult | null {
  if (!help) return null;
  const { path, key, word } = spotAt(context.state.doc.toString(), context.pos);
  if (!context.explicit && word === "") return null;
  if (/\s/.test(word)) return null;
  const from = context.pos - word.length;
  if (key !== undefined) {
    const values = help.values([...path, key]);
    return values.length === 0
      ? null
      : { from, options: values.map((label) => ({ label, type: "enum" })) };
  }
  const options = help.keys(path).map(({ name, detail, description, isRequired, opens }) => ({
    label: name,
    type: "property",
    detail: isRequired ? `${detail} (required)` : detail,
    info: description || undefined,
    apply: opens ? `${name}:` : `${name}: `,
    boost: isRequired ? 1 : 0,
  }));
  return options.length === 0 ? null : { from, options };
}

function hover(view: EditorView, at: number, help?: SchemaHelp) {
  if (!help) return null;
  const line = view.state.doc.lineAt(at);
  const offset = at - line.from;
  const word = [...line.text.matchAll(/[\w-]+(?=\s*:)/g)].find(
    (each) => each.index <= offset && offset <= each.index + each[0].length,
  );
  if (!word) return null;
  const end = line.from + word.index + word[0].length;
  const { path } = spotAt(view.state.doc.toString(), end);
  const found = help.hover([...path, word[0]]);
  if (!found) return null;
  const create = () => ({
    dom: el("div", { class: "hover" }, el("b", {}, found.title), el("p", {}, found.text)),
  });
  return { pos: line.from + word.index, end, create };
}
