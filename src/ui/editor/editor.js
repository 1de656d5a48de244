// The only file that knows CodeMirror: mount, set, mark, and calls back. All offsets here are UTF-16 units; the Rust side converts.
import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, snippet } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentLess, indentMore, isolateHistory } from "@codemirror/commands";
import { bracketMatching, codeFolding, foldGutter, foldKeymap, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { forEachDiagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Annotation, Compartment, EditorSelection, EditorState, Prec, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration, EditorView, drawSelection, dropCursor, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, hoverTooltip, keymap, lineNumbers,
} from "@codemirror/view";
import { tagHighlighter, tags } from "@lezer/highlight";
import { indentationFold, yamlLanguage } from "./yaml.js";

// Classes instead of colours: the page's tokens colour them, so a theme swaps nothing here.
const highlighter = tagHighlighter([
  { tag: tags.definition(tags.propertyName), class: "tok-key" },
  { tag: tags.propertyName, class: "tok-key" },
  { tag: [tags.string, tags.special(tags.string)], class: "tok-string" },
  { tag: tags.content, class: "tok-content" },
  { tag: [tags.comment, tags.lineComment], class: "tok-comment" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], class: "tok-number" },
  { tag: [tags.meta, tags.typeName, tags.labelName], class: "tok-meta" },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace, tags.bracket], class: "tok-punctuation" },
]);

// A change that came from the model: it is not reported back.
const fromModel = Annotation.define();

const setMarks = StateEffect.define();
const marks = StateField.define({
  create: () => Decoration.none,
  update(value, transaction) {
    let next = value.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setMarks)) {
        const doc = transaction.state.doc;
        const lines = [];
        for (const [from, to] of effect.value) {
          for (let line = Math.max(from, 0); line < Math.min(to, doc.lines); line++) lines.push(line + 1);
        }
        const sorted = [...new Set(lines)].sort((a, b) => a - b);
        next = Decoration.set(sorted.map((line) => Decoration.line({ class: "cm-linked" }).range(doc.line(line).from)));
      }
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

// The smallest change from one text to another, so that cursor, folds and scroll stay where they are.
function difference(before, after) {
  let start = 0;
  const most = Math.min(before.length, after.length);
  while (start < most && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let end = 0;
  while (end < most - start && before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)) end++;
  return { from: start, to: before.length - end, insert: after.slice(start, after.length - end) };
}

function tab(view) {
  if (acceptCompletion(view)) return true;
  if (view.state.readOnly) return false;
  if (view.state.selection.ranges.some((range) => !range.empty)) return indentMore(view);
  view.dispatch(view.state.update(view.state.changeByRange((range) => {
    const line = view.state.doc.lineAt(range.head);
    const spaces = " ".repeat(2 - ((range.head - line.from) % 2));
    return { changes: { from: range.head, insert: spaces }, range: EditorSelection.cursor(range.head + spaces.length) };
  }), { scrollIntoView: true, userEvent: "input.indent" }));
  return true;
}

// Enter keeps the depth of the line; after `key:` it goes one deeper, after `- key: x` it stays beside the key.
function enter(view) {
  const { state } = view;
  if (state.readOnly || state.selection.ranges.length > 1) return false;
  const { from, to } = state.selection.main;
  const line = state.doc.lineAt(from);
  const before = state.sliceDoc(line.from, from);
  const [, spaces, dash] = /^( *)((?:- +)*)/.exec(before);
  const opens = /:\s*$/.test(before) && !/^\s*#/.test(before);
  const depth = spaces.length + dash.length + (opens ? 2 : 0);
  const insert = state.lineBreak + " ".repeat(before.trim() === "" ? spaces.length : depth);
  view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length }, scrollIntoView: true, userEvent: "input" });
  return true;
}

// For measuring how long after a key its diagnostics are there; only the newest mark of a name is kept.
function mark(name) {
  performance.clearMarks(name);
  performance.mark(name);
}

function documentation(text) {
  return text ? Object.assign(document.createElement("div"), { className: "cm-doc", textContent: text }) : null;
}

/**
 * @param {HTMLElement} host
 * @param {string} text
 * @param {string} file  the name of the tab that holds the text
 * @param {object} calls  change(text), cursor(offset), apply(), complete(text, offset) → [{from, label, detail, kind, insert, key}],
 *                        doc(key) → string | undefined, hover(text, offset) → {from, to, title, body} | null, fix(diagnostic, fix),
 *                        described(done),
 *                        pasted(text) → string
 */
export function mount(host, text, file, label, calls) {
  const phrases = new Compartment();
  let waiting = null; // A text from the model that arrived while a syllable was being composed, and its tab.
  let count = 0; // How many diagnostics were set last.
  let localize = () => {}; // Sets the language chosen last.
  const others = new Map(); // The states of the tabs that are not shown: each has its own undo.
  // Who walks through the page with Tab walks on through the editor, until another key or the mouse shows that they stay.
  let byTab = false;
  let passes = false;
  const pageKey = (event) => (byTab = event.key === "Tab" || (byTab && event.key === "Shift"));
  const pagePoint = () => (byTab = false);
  document.addEventListener("keydown", pageKey, true);
  document.addEventListener("pointerdown", pagePoint, true);
  const unlessPassing = (command) => (view) => !passes && command(view);

  const complete = (context) => {
    const word = context.matchBefore(/[\w./-]*/);
    if (!context.explicit && (!word || word.from === word.to) && !/[:\-] ?$/.test(context.state.sliceDoc(context.state.doc.lineAt(context.pos).from, context.pos))) return null;
    const options = calls.complete(context.state.doc.toString(), context.pos);
    if (!options.length) return null;
    return {
      from: options[0].from,
      options: options.map((option, index) => ({
        label: option.label,
        detail: option.detail,
        info: option.key ? () => described().then(() => documentation(calls.doc(option.key))) : undefined,
        type: option.kind,
        boost: -index / 100,
        apply: option.kind === "snippet" ? snippet(option.insert) : option.insert,
      })),
      validFor: /^[\w./-]*$/,
    };
  };

  // The descriptions may still be on their way.
  const described = () => new Promise((done) => calls.described(done));
  const hover = hoverTooltip(async (view, pos) => {
    const ask = () => calls.hover(view.state.doc.toString(), pos);
    let found = ask();
    if (found && !found.body) {
      await described();
      found = ask();
    }
    if (!found) return null;
    return {
      pos: found.from,
      end: found.to,
      above: true,
      create() {
        const dom = document.createElement("div");
        dom.className = "cm-doc";
        const title = dom.appendChild(document.createElement("code"));
        title.textContent = found.title;
        const body = dom.appendChild(document.createElement("p"));
        body.textContent = found.body;
        return { dom };
      },
    };
  });

  const extensions = [
    phrases.of([]),
    lineNumbers(),
    lintGutter(),
    foldGutter({
      markerDOM(open) {
        const mark = document.createElement("span");
        mark.className = open ? "fold-open" : "fold-closed";
        mark.textContent = open ? "▾" : "▸";
        return mark;
      },
    }),
    codeFolding({ placeholderText: "…" }),
    highlightActiveLineGutter(),
    highlightActiveLine(),
    highlightSpecialChars(),
    history(),
    drawSelection(),
    dropCursor(),
    EditorState.allowMultipleSelections.of(true),
    EditorState.tabSize.of(2),
    indentUnit.of("  "),
    indentOnInput(),
    yamlLanguage,
    indentationFold,
    syntaxHighlighting(highlighter),
    bracketMatching(),
    closeBrackets(),
    autocompletion({ override: [complete], icons: false, activateOnTypingDelay: 60 }),
    highlightSelectionMatches({ minSelectionLength: 3 }),
    search({ top: true }),
    hover,
    marks,
    EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0", spellcheck: "false", autocapitalize: "off", autocorrect: "off", translate: "no" }),
    Prec.high(keymap.of([
      { key: "Mod-Enter", run: () => (calls.apply(), true) },
      { key: "Tab", run: unlessPassing(tab), shift: unlessPassing(indentLess) },
      { key: "Enter", run: enter },
    ])),
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap, ...lintKeymap]),
    EditorView.domEventObservers({
      focus: () => void (passes = byTab),
      keydown: (event) => void (passes &&= byTab && ["Tab", "Shift"].includes(event.key)),
      pointerdown: () => void (passes = false),
    }),
    EditorView.domEventHandlers({
      paste(event, view) {
        const raw = event.clipboardData?.getData("text/plain") ?? "";
        const read = calls.pasted(raw);
        if (read === raw) return false;
        event.preventDefault();
        view.dispatch(view.state.replaceSelection(read), { userEvent: "input.paste", scrollIntoView: true });
        return true;
      },
      compositionend() {
        // After the editor has taken the syllable in.
        setTimeout(() => {
          if (waiting !== null && !view.composing) {
            const late = waiting;
            waiting = null;
            handle.set_text(...late);
          }
        }, 30);
      },
    }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged && !update.transactions.some((t) => t.annotation(fromModel))) {
        mark("podlab-key");
        calls.change(update.state.doc.toString());
      }
      if (update.selectionSet || update.docChanged) calls.cursor(update.state.selection.main.head);
    }),
  ];
  const view = new EditorView({ parent: host, state: EditorState.create({ doc: text, extensions }) });

  const handle = {
    set_text(text, name) {
      const before = view.state.doc.toString();
      if (name === file && before === text) return;
      if (view.composing) {
        waiting = [text, name];
        return;
      }
      if (name !== file) {
        others.set(file, view.state);
        view.setState(others.get(name) ?? EditorState.create({ doc: text, extensions }));
        [file, count] = [name, NaN];
        handle.set_marks([]);
        localize();
        handle.set_text(text, name);
        return;
      }
      view.dispatch({ changes: difference(before, text), annotations: [fromModel.of(true), isolateHistory.of("full")] });
    },
    set_diagnostics(list) {
      const length = view.state.doc.length;
      const diagnostics = list.map((item, index) => ({
        from: Math.min(item.from, length),
        to: Math.min(Math.max(item.to, item.from), length),
        severity: item.severity,
        message: item.message,
        index,
        words: [item.severity, item.message, item.explanation, ...item.fixes].join("\0"),
        renderMessage() {
          const dom = document.createElement("div");
          dom.className = "cm-problem";
          if (item.message) dom.appendChild(document.createElement("code")).textContent = item.message;
          if (item.explanation) dom.appendChild(document.createElement("p")).textContent = item.explanation;
          return dom;
        },
        actions: item.fixes.map((name, fix) => ({ name, apply: () => calls.fix(index, fix) })),
      }));
      // The editor moves what it shows with the text; the same at the same places needs no new drawing.
      let same = 0;
      forEachDiagnostic(view.state, (shown, from, to) => {
        const wanted = diagnostics[shown.index];
        if (wanted && wanted.from === from && wanted.to === to && wanted.words === shown.words) same++;
        else same = NaN;
      });
      // Marks in the gutter outlive the text that they stood for, so their number counts too.
      if (same !== diagnostics.length || count !== same) view.dispatch(setDiagnostics(view.state, diagnostics));
      count = diagnostics.length;
      mark("podlab-checked");
    },
    set_marks(pairs) {
      const ranges = [];
      for (let i = 0; i + 1 < pairs.length; i += 2) ranges.push([pairs[i], pairs[i + 1]]);
      view.dispatch({ effects: setMarks.of(ranges) });
    },
    // Shows a place without taking the focus.
    show(offset) {
      view.dispatch({ effects: EditorView.scrollIntoView(Math.min(offset, view.state.doc.length), { y: "nearest", yMargin: 40 }) });
    },
    jump(from, to) {
      const length = view.state.doc.length;
      view.dispatch({ selection: { anchor: Math.min(from, length), head: Math.min(to, length) }, scrollIntoView: true });
      view.focus();
    },
    set_phrases(words, label) {
      localize = () => {
        view.dispatch({ effects: phrases.reconfigure(EditorState.phrases.of(words)) });
        view.contentDOM.setAttribute("aria-label", label);
      };
      localize();
    },
    focus() {
      view.focus();
    },
    is_composing: () => view.composing,
    destroy() {
      document.removeEventListener("keydown", pageKey, true);
      document.removeEventListener("pointerdown", pagePoint, true);
      view.destroy();
    },
  };
  return handle;
}
