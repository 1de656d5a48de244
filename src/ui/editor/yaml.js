// YAML's colours and folds, line by line: light, and calm while the text is broken. What is right and wrong is the Rust core's to say.

// What a token looks like, most telling first. A key ends at a colon that a blank or the line's end follows.
const TOKENS = [
  ["comment", /#.*/y],
  ["punctuation", /-(?=\s|$)/y],
  ["block", /[|>][-+\d]*(?=\s*(?:#|$))/y],
  ["key", /(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#"'&*!|>%@`{}[\],-][^#{}[\],]*?|-[^\s#:][^:#]*?)(?=\s*:(?:\s|$))/y],
  ["punctuation", /[:,?]/y],
  ["bracket", /[{}[\]]/y],
  ["string", /"(?:[^"\\]|\\.)*"?|'(?:[^']|'')*'?/y],
  ["meta", /[&*!][^\s,\]}]*/y],
  ["atom", /(?:true|false|yes|no|on|off|null|~)(?=\s*(?:#|$|[,\]}]))/iy],
  ["number", /[-+]?(?:0[xob][\da-f_]+|\.?\d[\d_.]*(?:e[-+]?\d+)?)(?=\s*(?:#|$|[,\]}]))/iy],
  ["content", /[^\s,\]}#:]+|./uy],
];
const MARKER = /^(?:---|\.\.\.)(?=\s|$)/;
const LONGEST = 10_000; // Of a longer line the rest has no colours.

export const NOT = -1; // Where no block scalar goes on.

const indentation = (text) => /^\s*/.exec(text)[0].length;

/**
 * @param {string} text  a line
 * @param {number} block  how deep the key of the block scalar stands whose text may go on here, or NOT
 * @param {(from: number, to: number, name: string) => void} [tell]  called for each token; neighbours of one name come as one
 * @returns {number} the same for the next line
 */
export function readLine(text, block, tell = () => {}) {
  // The text of a `|` or `>` scalar goes on while lines are indented deeper than its key.
  if (block !== NOT) {
    if (text.trim() === "") return block;
    if (indentation(text) > block) {
      tell(0, text.length, "string");
      return block;
    }
  }
  block = NOT;
  let at = 0;
  let [from, to, name] = [0, 0, ""];
  const put = (next, end) => {
    if (next !== name || at !== to) {
      if (to > from) tell(from, to, name);
      [from, name] = [at, next];
    }
    at = to = end;
  };
  const marker = MARKER.exec(text);
  if (marker) put("meta", marker[0].length);
  while (at < text.length && at < LONGEST) {
    if (/\s/.test(text[at])) {
      at++;
      continue;
    }
    for (const [kind, look] of TOKENS) {
      look.lastIndex = at;
      if (!look.test(text)) continue;
      if (kind === "block") block = indentation(text);
      put(kind === "block" ? "meta" : kind, look.lastIndex);
      break;
    }
  }
  if (to > from) tell(from, to, name);
  return block;
}

const depth = (text) => /^ *(?:- +)*/.exec(text)[0].length;

/** What folds away behind a line: all the lines below it that are indented deeper. */
export function foldable({ doc }, start) {
  const first = doc.lineAt(start);
  if (first.text.trim() === "" || first.text.trim().startsWith("#")) return null;
  const base = /^ */.exec(first.text)[0].length;
  const sequence = /:\s*$/.test(first.text);
  let last = first;
  for (let number = first.number + 1; number <= doc.lines; number++) {
    const line = doc.line(number);
    if (line.text.trim() === "") continue;
    const indent = /^ */.exec(line.text)[0].length;
    // The items of a list may stand right under their key.
    if (indent <= base && !(sequence && indent === base && line.text[indent] === "-" && depth(line.text) > base && !first.text.trim().startsWith("-"))) break;
    last = line;
  }
  return last === first ? null : { from: first.to, to: last.to };
}
