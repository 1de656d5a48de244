// What comes after the first picture. Each is a file of its own, which the page's <html> names: texts, the editor, the second part of the WebAssembly.
// (The list of lessons names theirs.)
const files = document.documentElement.dataset;
const address = (name) => new URL(files[name] ?? name, document.baseURI).href;

async function got(name) {
  const answer = await fetch(address(name), { priority: "low" });
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer;
}

// The page goes on as far as it can; what was typed is kept by the browser.
function lost() {
  const said = document.createElement("p");
  said.className = "lost";
  said.setAttribute("role", "alert");
  said.textContent = document.documentElement.lang === "ko"
    ? "Podlab의 일부를 받지 못했습니다. 네트워크를 확인하고 새로 고치세요. 글은 보관되어 있습니다."
    : "A part of Podlab could not be fetched. Check the network and reload the page; your text is kept.";
  if (!document.querySelector(".lost")) document.body.append(said);
}

const texts = {};

// Hands a text that is a file of its own to `take`, or nothing where it cannot be had; the next wish tries again.
export function fetch_text(name, take) {
  texts[name] ??= got(name).then((answer) => answer.text()).finally(() => delete texts[name]);
  texts[name].then(take, () => take());
  // Who looks at the list of lessons may want any of them without a network.
  if (name === "lessons") navigator.serviceWorker?.ready.then((worker) => worker.active.postMessage(name));
}

let exported = null; // What the first part of the WebAssembly lends to the second.
let second = null; // The second part, compiled.
let isHere = false;
let told;
const compiled = new Promise((resolve, reject) => (told = { resolve, reject }));

function take(module) {
  second ??= module;
  told.resolve();
}

// Whether the page may wait for WebAssembly: Chrome before 115 neither compiles nor sets up more than 4 KiB at once on the page's own thread. Asked with
// 8 KiB in which nothing stands.
function canHurry() {
  const nothing = new Uint8Array(8192);
  nothing.set([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, 0xf5, 0x3f]);
  try {
    return !!new WebAssembly.Instance(new WebAssembly.Module(nothing));
  } catch {
    return false;
  }
}

async function bring_slowly(module) {
  await WebAssembly.instantiate(module, { first: exported });
  isHere = true;
  return module;
}

// Fetches the second part, and mounts the app: before it comes on a visit that begins `afresh`, and with it where a link or a kept run will want it at once,
// or where it could not be brought in a hurry.
export function follow(exports, afresh, mount) {
  exported = exports;
  const hurries = canHurry();
  if (files.later) {
    const module = got("later").then((answer) => answer.arrayBuffer()).then((bytes) => WebAssembly.compile(bytes));
    (hurries ? module : module.then(bring_slowly)).then(take, told.reject);
  } else told.resolve(); // A build in one file.
  if (afresh && hurries) mount();
  else compiled.then(mount, mount);
}

// Somebody wants what is not there yet, and cannot wait: functions of WebAssembly answer at once.
function compiledNow() {
  const request = new XMLHttpRequest();
  request.open("GET", address("later"), false);
  request.overrideMimeType("text/plain; charset=x-user-defined"); // Bytes, as letters.
  request.send();
  if (request.status !== 200) throw new Error(`later: ${request.status}`);
  performance.mark("podlab-hurried");
  return new WebAssembly.Module(Uint8Array.from(request.responseText, (letter) => letter.charCodeAt(0) & 255));
}

export function bring_later() {
  if (isHere || !files.later) return;
  try {
    if (!second) take(compiledNow());
    new WebAssembly.Instance(second, { first: exported });
    isHere = true;
  } catch (error) {
    lost();
    throw error;
  }
}

let editor = null;

// Mounts the editor when all is there, so that no keystroke waits or is lost. Until then its text can be read, and what it is told is kept.
export function mount(host, text, tab, label, calls) {
  const reading = host.appendChild(Object.assign(document.createElement("pre"), { textContent: text, tabIndex: 0, role: "region", ariaLabel: label }));
  let [handle, isGone] = [null, false];
  const wishes = [];
  const tell = (what) => (...words) => {
    if (handle) return handle[what](...words);
    if (what === "set_text") reading.textContent = words[0];
    wishes.push([what, words.map((word) => (ArrayBuffer.isView(word) ? word.slice() : word))]); // Numbers are lent for this call only.
  };
  editor ??= import(address("editor"));
  Promise.all([editor, compiled]).then(([library]) => {
    reading.remove();
    if (isGone) return;
    handle = library.mount(host, text, tab, label, calls);
    for (const [what, words] of wishes) handle[what](...words);
  }, lost);
  return {
    set_text: tell("set_text"),
    set_diagnostics: tell("set_diagnostics"),
    set_marks: tell("set_marks"),
    show: tell("show"),
    jump: tell("jump"),
    set_phrases: tell("set_phrases"),
    destroy() {
      isGone = true;
      reading.remove();
      handle?.destroy();
    },
  };
}
