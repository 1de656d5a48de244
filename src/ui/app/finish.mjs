// After trunk has built: splits the WebAssembly in two, moves trunk's inline start script into a file, as the content security policy allows none inline,
// names what comes after the first picture, and tells the service worker which files make up this version.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { transformSync } from "esbuild";
import { read } from "./later.mjs";
import { split } from "./split.mjs";

const dist = process.env.TRUNK_STAGING_DIR ?? "dist";
const target = process.env.CARGO_TARGET_DIR ?? "target";
const hash = (data) => createHash("sha256").update(data).digest("hex").slice(0, 16);

/** Writes a file under a name that changes with its content; gives the name. */
function write(name, data) {
  const file = `${name.replace(/\.[^.]*$/, "")}-${hash(data)}${extname(name)}`;
  writeFileSync(join(dist, file), data);
  return file;
}

/** A script or a style sheet without what only people read; modules also with short names of their own. */
function small(path, format) {
  const loader = extname(path).slice(1);
  return transformSync(readFileSync(path, "utf8"), { loader, format, minify: true, legalComments: "none", ...(loader === "js" && { target: "es2022" }) }).code;
}

const page = join(dist, "index.html");
let html = readFileSync(page, "utf8");
const inline = /<script type="module"[^>]*>([\s\S]*?)<\/script>/.exec(html);
const glue = inline && /from\s+'([^']+)'/.exec(inline[1])?.[1];
const wasm = inline && /module_or_path:\s*'([^']+)'/.exec(inline[1])?.[1];
if (!glue || !wasm) throw new Error("trunk's start script does not read as expected: look at the built index.html");
// The one file stays where `make later` finds it, and so does the glue.
mkdirSync(join(target, "later"), { recursive: true });
const whole = join(target, "later/whole.wasm");
copyFileSync(join(dist, wasm), whole);
copyFileSync(join(dist, glue), join(target, "later/glue.js"));
rmSync(join(dist, wasm));
const parts = split(readFileSync(whole), read(readFileSync("src/ui/app/later.txt", "utf8")));
const first = write("podlab.wasm", parts.first);
writeFileSync(join(dist, glue), readFileSync(join(dist, glue), "utf8").replace(/[\w$]+/g, (word) => parts.renamed.get(word) ?? word));

const snippets = existsSync(join(dist, "snippets")) ? readdirSync(join(dist, "snippets"), { recursive: true }).map((path) => join("snippets", path)) : [];
for (const path of [glue, ...snippets.filter((path) => path.endsWith(".js"))]) writeFileSync(join(dist, path), small(join(dist, path), "esm"));
for (const path of readdirSync(dist).filter((path) => path.endsWith(".css") || path === "start.js")) writeFileSync(join(dist, path), small(join(dist, path)));

const boot = write("boot.js", `import start from "${glue}";
start({ module_or_path: "./${first}" }).catch((error) => {
  const place = document.querySelector(".loading p");
  if (place) {
    place.setAttribute("role", "alert");
    place.textContent = document.documentElement.lang === "ko"
      ? "시작하지 못했습니다. 새로 고쳐 보세요. WebAssembly를 지원하는 최신 브라우저가 필요합니다."
      : "It could not start. Reload the page; a current browser with WebAssembly is needed.";
  }
  throw error;
});
`);
html = html.replace(inline[0], `<script type="module" src="./${boot}"></script>`).replaceAll(wasm, `./${first}`);
html = html.replace(/href="\.\/([^"]*)"([^>]*) integrity="sha384-[^"]*"/g, (_, path, between) => {
  const sum = createHash("sha384").update(readFileSync(join(dist, path))).digest("base64");
  return `href="./${path}"${between} integrity="sha384-${sum}"`;
});
// Browsers ignore an integrity on such a preload, and say so in the console.
html = html.replace(/(<link rel="preload"[^>]*?) integrity="[^"]*"/g, "$1");
if (/<script(?![^>]*\ssrc=)[^>]*>/.test(html)) throw new Error("an inline script is left, which the content security policy would block");

// What is fetched afterwards: the texts as the build of the WebAssembly has just left them, its second part, and the editor.
const builds = join(target, "wasm32-unknown-unknown");
const within = (folder) => (existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []);
function newest(output) {
  const made = within(builds).flatMap((profile) => within(join(profile, "build"))).map((build) => join(build, "out", output)).filter(existsSync);
  const path = made.sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs).at(-1);
  if (!path) throw new Error(`no ${output} is below ${builds}`);
  return readFileSync(path);
}
// Each lesson is a file; the list of them holds what it says of each, and the file's name.
const chapters = JSON.parse(newest("lessons.json"));
const lessons = chapters.flatMap((chapter) => chapter.lessons).map((lesson) => `./${write(`lesson-${lesson.id}.json`, JSON.stringify(lesson))}`);
const waiting = [...lessons];
for (const chapter of chapters) {
  chapter.lessons = chapter.lessons.map(({ id, title, summary, minutes, steps }) => ({ id, title, summary, minutes, steps: steps.length, file: waiting.shift() }));
}
const afterwards = {
  descriptions: write("descriptions.txt", newest("schema_docs.txt")),
  editor: write("editor.js", readFileSync("static/editor.js")),
  later: write("later.wasm", parts.second),
  lessons: write("lessons.json", JSON.stringify(chapters)),
};
html = html.replace(/<!--[\s\S]*?-->\s*/g, "").replace(/\n{2,}/g, "\n");
for (const [name, file] of Object.entries(afterwards)) html = html.replace("<html ", `<html data-${name}="./${file}" `);
writeFileSync(page, html);

const files = [];
const walk = (folder) => {
  for (const entry of readdirSync(join(dist, folder)).sort()) {
    const path = folder ? `${folder}/${entry}` : entry;
    if (statSync(join(dist, path)).isDirectory()) walk(path);
    else if (path !== "sw.js") files.push(path);
  }
};
walk("");
const version = hash(files.map((path) => path + hash(readFileSync(join(dist, path)))).join());
// The first lesson is kept with the page, the others when somebody has looked at the list.
const later = lessons.slice(1);
const urls = files.map((path) => (path === "index.html" ? "./" : `./${path}`)).filter((url) => !later.includes(url));
const worker = join(dist, "sw.js");
const source = readFileSync(worker, "utf8").replace('"development"', JSON.stringify(version)).replace("FILES = []", `FILES = ${JSON.stringify(urls)}`).replace("LESSONS = []", `LESSONS = ${JSON.stringify(later)}`);
writeFileSync(worker, source);
writeFileSync(worker, small(worker));
