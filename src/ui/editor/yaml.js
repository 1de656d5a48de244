// YAML's colours and folds, line by line: light, and calm while the text is broken. What is right and wrong is the Rust core's to say.
import { StreamLanguage, foldService } from "@codemirror/language";

const scalar = /^(?:true|false|yes|no|on|off|null|~)(?=\s*(?:#|$|[,\]}]))/i;
const number = /^[-+]?(?:0[xob][\da-f_]+|\.?\d[\d_.]*(?:e[-+]?\d+)?)(?=\s*(?:#|$|[,\]}]))/i;
// A key ends at a colon that a blank or the line's end follows.
const key = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#"'&*!|>%@`{}[\],-][^#{}[\],]*?|-[^\s#:][^:#]*?)(?=\s*:(?:\s|$))/;

export const yamlLanguage = StreamLanguage.define({
  name: "yaml",
  startState: () => ({ block: -1, indent: 0 }),
  token(stream, state) {
    if (stream.sol()) {
      state.indent = stream.indentation();
      // The text of a `|` or `>` scalar goes on while lines are indented deeper than its key.
      if (state.block >= 0 && stream.string.trim() !== "") {
        if (state.indent > state.block) {
          stream.skipToEnd();
          return "string";
        }
        state.block = -1;
      }
      if (stream.match(/^(?:---|\.\.\.)(?=\s|$)/)) return "meta";
    }
    if (stream.eatSpace()) return null;
    if (stream.match(/^#.*/)) return "comment";
    if (stream.match(/^-(?=\s|$)/)) return "punctuation";
    if (stream.match(/^[|>][-+\d]*(?=\s*(?:#|$))/)) {
      state.block = state.indent;
      return "meta";
    }
    if (stream.match(key)) return "propertyName";
    if (stream.match(/^[:,?]/)) return "punctuation";
    if (stream.match(/^[{}[\]]/)) return "bracket";
    if (stream.match(/^"(?:[^"\\]|\\.)*"?|^'(?:[^']|'')*'?/)) return "string";
    if (stream.match(/^[&*!][^\s,\]}]*/)) return "meta";
    if (stream.match(scalar)) return "atom";
    if (stream.match(number)) return "number";
    stream.match(/^[^\s,\]}#:]+|^./);
    return "content";
  },
  languageData: { commentTokens: { line: "#" }, closeBrackets: { brackets: ["[", "{", '"', "'"] } },
});

const depth = (text) => /^ *(?:- +)*/.exec(text)[0].length;

// A line folds over all the lines below it that are indented deeper.
export const indentationFold = foldService.of((state, start, end) => {
  const first = state.doc.lineAt(start);
  if (first.text.trim() === "" || first.text.trim().startsWith("#")) return null;
  const base = /^ */.exec(first.text)[0].length;
  const sequence = /:\s*$/.test(first.text);
  let last = first.number;
  for (let number = first.number + 1; number <= state.doc.lines; number++) {
    const { text } = state.doc.line(number);
    if (text.trim() === "") continue;
    const indent = /^ */.exec(text)[0].length;
    // The items of a list may stand right under their key.
    if (indent <= base && !(sequence && indent === base && text[indent] === "-" && depth(text) > base && !first.text.trim().startsWith("-"))) break;
    last = number;
  }
  return last > first.number ? { from: end, to: state.doc.line(last).to } : null;
});
