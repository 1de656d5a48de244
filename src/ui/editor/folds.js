// Folds: what is indented deeper than a line goes away behind it, by key, by the mark in the gutter, and comes back when the cursor or a deletion gets there.
import { RangeSet, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, GutterMarker, ViewPlugin, WidgetType, gutter } from "@codemirror/view";
import { foldable } from "./yaml.js";

const moved = ({ from, to }, changes) => {
  const range = { from: changes.mapPos(from, 1), to: changes.mapPos(to, -1) };
  return range.from < range.to ? range : undefined;
};
const fold = StateEffect.define({ map: moved });
const unfold = StateEffect.define({ map: moved });

const placeholder = Decoration.replace({
  widget: new (class extends WidgetType {
    toDOM(view) {
      const dom = document.createElement("span");
      dom.textContent = "…";
      dom.setAttribute("aria-label", view.state.phrase("folded code"));
      dom.title = view.state.phrase("unfold");
      dom.className = "cm-foldPlaceholder";
      dom.onclick = (event) => {
        const folded = foldedIn(view.state, view.lineBlockAt(view.posAtDOM(dom)));
        if (folded) view.dispatch({ effects: unfold.of(folded) });
        event.preventDefault();
      };
      return dom;
    }
  })(),
});

/** Without the folds that hold a place or lie in a range. */
const without = (folds, start, end = start) => folds.update({ filter: (from, to) => from >= end || to <= start, filterFrom: start, filterTo: end });

const folds = StateField.define({
  create: () => Decoration.none,
  update(value, transaction) {
    let next = value;
    // What a deletion touches comes to light first.
    if (transaction.isUserEvent("delete")) transaction.changes.iterChangedRanges((from, to) => (next = without(next, from, to)));
    next = next.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(fold) && !effect.is(unfold)) continue;
      const { from, to } = effect.value;
      next = next.update({ filter: (a, b) => a !== from || b !== to, filterFrom: from, filterTo: to });
      if (effect.is(fold)) next = next.update({ add: [placeholder.range(from, to)] });
    }
    return transaction.selection ? without(next, transaction.selection.main.head) : next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function foldedIn(state, { from, to }) {
  let first = null;
  state.field(folds).between(from, to, (from, to) => {
    if (!first || from < first.from) first = { from, to };
  });
  return first;
}

const selectedLines = (view) => [...new Map(view.state.selection.ranges.map(({ head }) => view.lineBlockAt(head)).map((line) => [line.from, line])).values()];

function told({ state }, range, word) {
  const line = (at) => state.doc.lineAt(at).number;
  return EditorView.announce.of(`${state.phrase(word)} ${line(range.from)} ${state.phrase("to")} ${line(range.to)}.`);
}

function send(view, effects) {
  if (effects.length) view.dispatch({ effects });
  return effects.length > 0;
}

function foldSelected(view) {
  const range = selectedLines(view).map((line) => foldable(view.state, line.from)).find((range) => range);
  return send(view, range ? [fold.of(range), told(view, range, "Folded lines")] : []);
}

function unfoldSelected(view) {
  const ranges = selectedLines(view).map((line) => foldedIn(view.state, line)).filter((range) => range);
  return send(view, ranges.flatMap((range) => [unfold.of(range), told(view, range, "Unfolded lines")]));
}

function foldAll(view) {
  const effects = [];
  for (let at = 0; at < view.state.doc.length;) {
    const line = view.lineBlockAt(at);
    const range = foldable(view.state, line.from);
    if (range) effects.push(fold.of(range));
    at = (range ? view.lineBlockAt(range.to) : line).to + 1;
  }
  return send(view, effects);
}

function unfoldAll(view) {
  const effects = [];
  view.state.field(folds).between(0, view.state.doc.length, (from, to) => {
    effects.push(unfold.of({ from, to }));
  });
  return send(view, effects);
}

export const foldKeymap = [
  { key: "Ctrl-Shift-[", mac: "Cmd-Alt-[", run: foldSelected },
  { key: "Ctrl-Shift-]", mac: "Cmd-Alt-]", run: unfoldSelected },
  { key: "Ctrl-Alt-[", run: foldAll },
  { key: "Ctrl-Alt-]", run: unfoldAll },
];

class FoldMarker extends GutterMarker {
  constructor(open) {
    super();
    this.open = open;
  }

  toDOM() {
    const dom = document.createElement("span");
    dom.className = this.open ? "fold-open" : "fold-closed";
    dom.textContent = this.open ? "▾" : "▸";
    return dom;
  }
}
const [canFold, canUnfold] = [new FoldMarker(true), new FoldMarker(false)];

const foldMarkers = ViewPlugin.fromClass(class {
  constructor(view) {
    this.look(view);
  }

  update({ docChanged, viewportChanged, startState, state, view }) {
    if (docChanged || viewportChanged || startState.field(folds) !== state.field(folds)) this.look(view);
  }

  look({ state, viewportLineBlocks }) {
    const builder = new RangeSetBuilder();
    for (const line of viewportLineBlocks) {
      const marker = foldedIn(state, line) ? canUnfold : foldable(state, line.from) ? canFold : null;
      if (marker) builder.add(line.from, line.from, marker);
    }
    this.markers = builder.finish();
  }
});

/** Folds, and their marks in the gutter. */
export const folding = () => [
  foldMarkers,
  gutter({
    class: "cm-foldGutter",
    markers: (view) => view.plugin(foldMarkers)?.markers ?? RangeSet.empty,
    initialSpacer: () => canUnfold,
    domEventHandlers: {
      click(view, line) {
        const folded = foldedIn(view.state, line);
        const range = folded ?? foldable(view.state, line.from);
        return send(view, range ? [(folded ? unfold : fold).of(range)] : []);
      },
    },
  }),
  folds,
  EditorView.baseTheme({ ".cm-foldPlaceholder": { margin: "0 1px", cursor: "pointer" } }),
];
