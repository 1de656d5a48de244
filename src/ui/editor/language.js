// Stands for @codemirror/language, whose trees and parsers are an eighth of the editor's size and more than lines of YAML need (bundle.mjs puts it there): colours
// and brackets from the tokens of single lines, and what CodeMirror's commands ask of a language.
import { EditorState, Facet, Prec, RangeSetBuilder, StateField, countColumn } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin } from "@codemirror/view";
import { NOT, readLine } from "./yaml.js";

// --- tokens

/** How deep the block scalar stands that goes on behind each line, as far as anybody has asked. */
class Blocks {
  constructor(doc, known) {
    [this.doc, this.known] = [doc, known];
  }

  before(number) {
    const { doc, known } = this;
    if (known.length < number - 1) {
      let block = known.at(-1) ?? NOT;
      for (const text of doc.iterLines(known.length + 1, number)) {
        // Only a line with such a sign can begin one.
        if (block !== NOT || /[|>]/.test(text)) block = readLine(text, block);
        known.push(block);
      }
    }
    return known[number - 2] ?? NOT;
  }
}

const blocks = StateField.define({
  create: ({ doc }) => new Blocks(doc, []),
  update(value, { docChanged, changes, startState, newDoc }) {
    if (!docChanged) return value;
    let first = Infinity;
    changes.iterChangedRanges((from) => (first = Math.min(first, from)));
    return new Blocks(newDoc, value.known.slice(0, startState.doc.lineAt(first).number - 1));
  },
});

function tokensOf(state, line) {
  const found = [];
  readLine(line.text, state.field(blocks).before(line.number), (from, to, name) => found.push({ from: line.from + from, to: line.from + to, name }));
  return found;
}

const CLASSES = { atom: "number", bracket: "punctuation" };
const marks = Object.fromEntries(
  ["comment", "punctuation", "meta", "key", "bracket", "string", "atom", "number", "content"].map((name) => [name, Decoration.mark({ class: `tok-${CLASSES[name] ?? name}` })]),
);

const colours = ViewPlugin.fromClass(class {
  constructor(view) {
    this.paint(view);
  }

  update(update) {
    if (update.docChanged || update.viewportChanged) this.paint(update.view);
  }

  paint({ state, visibleRanges }) {
    const builder = new RangeSetBuilder();
    for (const { from, to } of visibleRanges) {
      for (let at = from; at <= to;) {
        const line = state.doc.lineAt(at);
        for (const token of tokensOf(state, line)) builder.add(token.from, token.to, marks[token.name]);
        at = line.to + 1;
      }
    }
    this.decorations = builder.finish();
  }
}, { decorations: (plugin) => plugin.decorations });

/** The language: its colours, and what it tells CodeMirror's commands. */
export const yamlLanguage = [
  blocks,
  Prec.high(colours),
  EditorState.languageData.of(() => [{ commentTokens: { line: "#" }, closeBrackets: { brackets: ["[", "{", '"', "'"] } }]),
];

// --- what CodeMirror's commands ask for: the text as a tree of tokens below one root

export const NodeProp = {};

const type = (name) => ({ name, prop: () => undefined });

function node(token, parent) {
  return { ...token, type: type(token.name), parent, firstChild: null, childAfter: () => null, childBefore: () => null };
}

export function syntaxTree(state) {
  const { doc } = state;
  const near = (at) => tokensOf(state, doc.lineAt(Math.max(0, Math.min(at, doc.length))));
  const walk = (at, step, find) => {
    for (let { number } = doc.lineAt(at); number >= 1 && number <= doc.lines; number += step) {
      const found = find(tokensOf(state, doc.line(number)));
      if (found) return node(found, root);
    }
    return null;
  };
  const root = {
    ...node({ from: 0, to: doc.length, name: "yaml" }, null),
    childAfter: (at) => walk(at, 1, (tokens) => tokens.find(({ to }) => to > at)),
    childBefore: (at) => walk(at, -1, (tokens) => tokens.findLast(({ from }) => from < at)),
  };
  const resolveInner = (at, side = 0) => {
    const holds = ({ from, to }) => (side < 0 ? from < at : from <= at - (side === 0)) && (side > 0 ? to > at : to >= at + (side === 0));
    const found = near(at).find(holds);
    return found ? node(found, root) : root;
  };
  const resolveStack = (at, side) => {
    const inner = resolveInner(at, side);
    return inner === root ? { node: root, next: null } : { node: inner, next: { node: root, next: null } };
  };
  return { resolveInner, resolveStack };
}

export const indentUnit = Facet.define({ combine: ([unit = "  "]) => unit });
export const getIndentUnit = (state) => state.facet(indentUnit).length;
export const indentString = (_, columns) => " ".repeat(columns);

/** YAML has no indentation of its own for a line: commands keep that of the line before. */
export const getIndentation = () => null;

export class IndentContext {
  constructor(state) {
    this.state = state;
  }

  lineIndent(at) {
    return countColumn(/^\s*/.exec(this.state.doc.lineAt(at).text)[0], this.state.tabSize);
  }
}

// --- brackets

const BRACKETS = "()[]{}";
const FARTHEST = 10_000;

/** The bracket before (-1) or behind (1) a place and the one that belongs to it; those in a string belong to no others. */
export function matchBrackets(state, place, step) {
  const { doc } = state;
  const kind = (at) => BRACKETS.indexOf(doc.sliceString(at, at + 1) || " ");
  const tree = syntaxTree(state);
  const first = step < 0 ? place - 1 : place;
  const opens = first < 0 ? -1 : kind(first);
  if (opens < 0 || (opens % 2 === 0) !== (step > 0)) return null;
  const start = { from: first, to: first + 1 };
  const name = (at) => tree.resolveInner(at, 1).type.name;
  const own = name(first);
  const most = Math.min(FARTHEST, step > 0 ? doc.length - first : first + 1);
  const text = step > 0 ? doc.sliceString(first, first + most) : doc.sliceString(first + 1 - most, first + 1);
  let depth = 0;
  for (let far = 0; far < most; far++) {
    const found = BRACKETS.indexOf(text[step > 0 ? far : most - 1 - far]);
    const at = first + far * step;
    if (found < 0 || name(at) !== own) continue;
    depth += (found % 2 === 0) === (step > 0) ? 1 : -1;
    if (depth === 0) return { start, end: { from: at, to: at + 1 }, matched: found >> 1 === opens >> 1 };
  }
  return most < FARTHEST ? { start, matched: false } : null;
}

const bracketMark = (matched) => Decoration.mark({ class: matched ? "cm-matchingBracket" : "cm-nonmatchingBracket" });
const [matching, lonely] = [bracketMark(true), bracketMark(false)];

function bracketMarks(state) {
  const found = [];
  for (const { empty, head } of state.selection.ranges) {
    if (!empty) continue;
    const match = matchBrackets(state, head, -1) ?? matchBrackets(state, head - 1, 1) ?? matchBrackets(state, head, 1) ?? matchBrackets(state, head + 1, -1);
    if (!match) continue;
    const mark = match.matched ? matching : lonely;
    for (const end of [match.start, match.end]) if (end) found.push(mark.range(end.from, end.to));
  }
  return Decoration.set(found, true);
}

export const bracketMatching = () => [
  EditorView.baseTheme({
    "&.cm-focused .cm-matchingBracket": { backgroundColor: "#328c8252" },
    "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "#bb555544" },
  }),
  ViewPlugin.fromClass(class {
    constructor(view) {
      this.decorations = bracketMarks(view.state);
    }

    update({ docChanged, selectionSet, view, state, changes }) {
      if (!docChanged && !selectionSet && !this.waits) return;
      // While a syllable is being composed nothing may change around it.
      this.waits = view.composing;
      this.decorations = view.composing ? this.decorations.map(changes) : bracketMarks(state);
    }
  }, { decorations: (plugin) => plugin.decorations }),
];
