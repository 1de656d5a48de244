// Reads and makes `later.txt`: the code that the first picture does not need.
//
// A line is a path, or after `=` a function's whole name. A function can wait when its name holds such a path anywhere, so that `Vec<kubectl::Row>::push`
// waits with `kubectl::Row`; code that is written below such a path some other day waits too. A function of which nothing is said is in the first file,
// unless only what waits uses it.

/** The paths of code and types in a function's name, each as its parts: `<a::B<c::D>>::e` has a::B::e and c::D. Closures belong to what they stand in. */
export function paths(name) {
  // A method stands below its type.
  const flat = name.replace(/<([\w:]+)(?: as [\w:]+)?>::/g, "$1::");
  return (flat.match(/(?<![\w:])[a-z]\w*(?:::\w+)+/g) ?? []).map((path) => path.split("::"));
}

/** Whether a function can wait, by its name. */
export function read(text) {
  const lines = text.split("\n").filter((line) => line && !line.startsWith("#"));
  const names = new Set(lines.filter((line) => line.startsWith("=")).map((line) => line.slice(1)));
  const wanted = tree(lines.filter((line) => !line.startsWith("=")).map((line) => line.split("::")));
  return (name) => names.has(name) || paths(name).some((path) => holds(wanted, path));
}

const END = Symbol("a whole path");

function tree(listed) {
  const root = new Map();
  for (const path of listed) {
    let at = root;
    for (const part of path) at = at.get(part) ?? at.set(part, new Map()).get(part);
    at.set(END, true);
  }
  return root;
}

/** Whether the path or one above it is in the tree. */
function holds(root, path) {
  let at = root;
  for (const part of path) {
    at = at.get(part);
    if (!at) return false;
    if (at.has(END)) return true;
  }
  return false;
}

/**
 * The shortest paths below which nothing ran, and that hold at least so many bytes.
 * @param {{ name: string, size: number, ran: boolean }[]} functions
 */
export function make(functions, least) {
  const root = { size: 0, ran: false, parts: new Map() };
  for (const { name, size, ran } of functions) {
    for (const path of paths(name)) {
      let at = root;
      for (const part of path) {
        at = at.parts.get(part) ?? at.parts.set(part, { size: 0, ran: false, parts: new Map() }).get(part);
        at.size += size;
        at.ran ||= ran;
      }
    }
  }
  const lines = [];
  const walk = (node, path) => {
    if (node.size < least) return;
    if (!node.ran) return lines.push(path);
    for (const [part, below] of node.parts) walk(below, path ? `${path}::${part}` : part);
  };
  for (const [part, below] of root.parts) walk(below, part);
  const isCovered = read(lines.join("\n"));
  const did = new Set(functions.filter(({ ran }) => ran).map(({ name }) => name));
  // A function without a name goes by its number, which is another's in the next build.
  const canBeNamed = (name) => !/^\d+$/.test(name);
  const names = functions.filter(({ name, size }) => size >= least && canBeNamed(name) && !did.has(name) && !isCovered(name)).map(({ name }) => `=${name}`);
  return [...lines.sort(), ...new Set(names)];
}
