// Splits the app's WebAssembly in two: what the first picture needs, and the rest, which comes while the learner looks at it.
//
// `later.txt` says which functions can wait. Such a function leaves a stub in the first file, which brings the second one if it is not there yet and then calls
// through a table of its own; what only such functions use goes with them. The second file works in the memory and the tables of the first, and
// imports from it what both use. So nothing in the app's code knows of the split, and a list that is out of date costs size and never correctness.
import binaryen from "binaryen";
import { reorder } from "./order.mjs";

/** A function's name as in `later.txt`: without the hashes that tell builds apart. */
export const plain = (name) => name.replace(/\[[0-9a-f]+\]/g, "");

const BRING = "bring_later"; // The export of src/ui/afterwards.rs.
const TABLE = "later";
const IS_HERE = "later is here";
const CALL = "bring once";
const GLUE = "./podlab_bg.js";
const CLOSURE = "wasm_bindgen_"; // How the names of exported closures begin.

/**
 * @param {Uint8Array} bytes  a module with the names of its functions
 * @param {(name: string) => boolean} canWait
 * @returns {{ first: Uint8Array, second: Uint8Array, renamed: Map<string, string> }}  the last: what the glue must call otherwise
 */
export function split(bytes, canWait) {
  const whole = binaryen.readBinary(bytes);
  const first = binaryen.readBinary(bytes);
  const functions = functionsOf(whole);
  const bring = exportsOf(whole).find((shown) => shown.name === BRING)?.value;
  if (!bring) throw new Error(`the WebAssembly exports no ${BRING}`);
  const waiting = new Set(functions.filter((f) => !f.module && f.name !== bring && canWait(plain(f.name))).map((f) => f.name));

  const stubs = leaveStubs(first, functions, waiting, bring);
  const kept = new Set([...functionsOf(first), ...globalsOf(first)].map((part) => part.name));
  const [tables, globals] = [tablesOf(whole), globalsOf(whole)];

  // What the second file takes from the first is known when it is made, and its names are short, so it is made twice.
  const make = (nameOf, functions) => {
    const tableOf = ({ name }) => `(import "first" "${nameOf(name)}" (table $${name} 0 ${/externref/.test(name) ? "externref" : "funcref"}))`;
    const second = binaryen.parseText(`(module (import "first" "memory" (memory $0 0)) ${[...tables, { name: TABLE }].map(tableOf).join(" ")})`);
    second.setFeatures(whole.getFeatures());
    for (const global of globals) {
      if (kept.has(global.name)) second.addGlobalImport(global.name, "first", nameOf(global.name), global.type, global.mutable);
      else second.addGlobal(global.name, global.type, global.mutable, second.copyExpression(global.init));
    }
    for (const f of functions) {
      if (f.module || (kept.has(f.name) && !waiting.has(f.name))) second.addFunctionImport(f.name, "first", nameOf(f.name), f.params, f.results);
      else second.addFunction(f.name, f.params, f.results, f.vars, second.copyExpression(f.body));
    }
    second.addActiveElementSegment(TABLE, TABLE, stubs.map((f) => f.name), second.i32.const(0));
    second.runPasses(["remove-unused-module-elements"]);
    return second;
  };
  const trial = make((name) => name, functions);
  reorder(trial);
  // Tables and lists of names in the order of the functions themselves are little to tell.
  const placesOf = (module) => new Map(functionsOf(module).map((f, at) => [f.name, at]));
  const inOrder = (functions, places) => functions.toSorted((a, b) => places.get(a.name) - places.get(b.name));
  const placesInSecond = placesOf(trial);
  stubs.splice(0, Infinity, ...inOrder(stubs, placesInSecond));
  stubs.forEach((f, at) => leave(first, f, at));
  reorder(first);
  const places = placesOf(first);
  const names = new Map();
  const give = (part) => names.set(part.name, `_${names.size.toString(36)}`).get(part.name);
  const taken = new Set(functionsOf(trial).filter((f) => f.module).map((f) => f.name));
  for (const { name, module, base, params, results } of functions) {
    // From JavaScript, and wanted by nothing in the first file.
    if (taken.has(name) && !kept.has(name)) first.addFunctionImport(name, module, base, params, results);
  }
  const shared = inOrder(functions.filter((f) => taken.has(f.name)), places);
  for (const f of shared) first.addFunctionExport(f.name, give(f));
  for (const table of tablesOf(trial)) first.addTableExport(table.name, give(table));
  for (const global of globalsOf(trial).filter((global) => global.module)) first.addGlobalExport(global.name, give(global));
  const second = make((name) => names.get(name) ?? name, [...shared, ...inOrder(functions.filter((f) => !taken.has(f.name) && placesInSecond.has(f.name)), placesInSecond)]);
  const renamed = shorten(first);
  // What tools tell each other.
  for (const module of [first, second]) module.runPasses(["strip-producers", "strip-target-features"]);
  if (!first.validate() || !second.validate()) throw new Error("the two files of the WebAssembly are not valid");
  return { first: first.emitBinary(), second: second.emitBinary(), renamed };
}

/** Puts stubs in place of what can wait, and drops what nothing uses then; gives the functions whose stubs are left, in the order of the table. */
function leaveStubs(first, functions, waiting, bring) {
  first.addTable(TABLE, waiting.size, waiting.size);
  first.addGlobal(IS_HERE, binaryen.i32, true, first.i32.const(0));
  const once = [first.call(bring, [], binaryen.none), first.global.set(IS_HERE, first.i32.const(1))];
  first.addFunction(CALL, binaryen.none, binaryen.none, [], first.if(first.i32.eqz(first.global.get(IS_HERE, binaryen.i32)), first.block(null, once)));
  const all = functions.filter((f) => waiting.has(f.name));
  all.forEach((f, at) => leave(first, f, at));
  first.runPasses(["remove-unused-module-elements"]);
  const left = new Set(functionsOf(first).map((f) => f.name));
  const stubs = all.filter((f) => left.has(f.name));
  stubs.forEach((f, at) => leave(first, f, at));
  return stubs;
}

/** Leaves a stub in a function's place, which calls through the second file's table. */
function leave(first, f, at) {
  const given = binaryen.expandType(f.params).map((type, i) => first.local.get(i, type));
  const call = first.call_indirect(TABLE, first.i32.const(at), given, f.params, f.results);
  first.removeFunction(f.name);
  first.addFunction(f.name, f.params, f.results, [], first.block(null, [first.call(CALL, [], binaryen.none), call], f.results));
}

/** Gives what goes between the file and its glue short names: theirs end with hashes, which do not compress. */
function shorten(module) {
  const renamed = new Map();
  const short = (name) => renamed.set(name, `$${renamed.size.toString(36)}`).get(name);
  for (const f of functionsOf(module).filter((f) => f.module === GLUE)) {
    module.removeFunction(f.name);
    module.addFunctionImport(f.name, f.module, short(f.base), f.params, f.results);
  }
  for (const { name, value } of exportsOf(module).filter(({ name }) => name.startsWith(CLOSURE))) {
    module.removeExport(name);
    module.addFunctionExport(value, short(name));
  }
  return renamed;
}

const each = (count, at) => Array.from({ length: count }, (_, i) => at(i));
const functionsOf = (module) => each(module.getNumFunctions(), (i) => binaryen.getFunctionInfo(module.getFunctionByIndex(i)));
const globalsOf = (module) => each(module.getNumGlobals(), (i) => binaryen.getGlobalInfo(module.getGlobalByIndex(i)));
const tablesOf = (module) => each(module.getNumTables(), (i) => binaryen.getTableInfo(module.getTableByIndex(i)));
const exportsOf = (module) => each(module.getNumExports(), (i) => binaryen.getExportInfo(module.getExportByIndex(i)));
