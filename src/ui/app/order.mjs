// Puts the functions of a WebAssembly in an order in which like ones stand together: Brotli finds what is near for fewer bits (1 % of a file).
import binaryen from "binaryen";

const PIECE = 6; // Bytes: what two functions may have in common.
const COMMON = 200; // A piece that more functions have tells nothing.
const FADE = 0.5; // How much likeness to a function counts yet behind the next one.
const SMALL = 20; // Pieces: so few in common are no likeness.

/** Orders the functions of a binaryen module; those that are imported stay first. */
export function reorder(module) {
  const all = Array.from({ length: module.getNumFunctions() }, (_, i) => binaryen.getFunctionInfo(module.getFunctionByIndex(i)));
  const own = all.filter((f) => !f.module);
  const inOrder = likeness(bodies(module.emitBinary())).map((at) => own[at]);
  if (inOrder.length !== own.length) throw new Error("the functions of the WebAssembly are not those of its code");
  inOrder.forEach((f) => module.removeFunction(f.name));
  inOrder.forEach((f) => module.addFunction(f.name, f.params, f.results, f.vars, f.body));
}

/** The code of each function, in their order. */
export function bodies(bytes) {
  let at = 8;
  const number = () => {
    let [value, scale, byte] = [0, 1, 0];
    do {
      byte = bytes[at++];
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte & 128);
    return value;
  };
  const CODE = 10;
  for (;;) {
    const [kind, length] = [bytes[at++], number()];
    if (kind === CODE) break;
    at += length;
  }
  return Array.from({ length: number() }, () => {
    const length = number();
    at += length;
    return bytes.subarray(at - length, at);
  });
}

/** An order of the texts: after each the one that has most in common with those just before it, measured by its length. */
function likeness(texts) {
  const having = new Map();
  const pieces = texts.map((text, number) => {
    const found = new Set();
    for (let at = 0; at + PIECE <= text.length; at++) {
      let hash = 0;
      for (let i = at; i < at + PIECE; i++) hash = Math.imul(hash ^ text[i], 0x01000193);
      found.add(hash);
    }
    for (const piece of found) having.get(piece)?.push(number) ?? having.set(piece, [number]);
    return found;
  });
  const left = new Set(texts.keys());
  const likenesses = new Float64Array(texts.length);
  const order = [];
  while (left.size > 0) {
    let [next, most] = [left.values().next().value, 0];
    for (const number of left) {
      const measured = likenesses[number] / Math.sqrt(pieces[number].size + SMALL);
      if (measured > most) [next, most] = [number, measured];
    }
    left.delete(next);
    order.push(next);
    for (const number of left) likenesses[number] *= FADE;
    for (const piece of pieces[next]) {
      const numbers = having.get(piece);
      if (numbers.length <= COMMON) for (const number of numbers) likenesses[number]++;
    }
  }
  return order;
}
