// After trunk has built: moves its inline start script into a file, as the content security policy allows none inline, and tells the service
// worker which files make up this version.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";

const dist = process.env.TRUNK_STAGING_DIR ?? "dist";
const hash = (data) => createHash("sha256").update(data).digest("hex").slice(0, 16);

const page = join(dist, "index.html");
let html = readFileSync(page, "utf8");
const inline = /<script type="module"[^>]*>([\s\S]*?)<\/script>/.exec(html);
const glue = inline && /from\s+'([^']+)'/.exec(inline[1])?.[1];
const wasm = inline && /module_or_path:\s*'([^']+)'/.exec(inline[1])?.[1];
if (!glue || !wasm) throw new Error("trunk's start script does not read as expected: look at the built index.html");
const boot = `import start from "${glue}";
start({ module_or_path: "${wasm}" }).catch((error) => {
  const place = document.querySelector(".loading p");
  if (place) {
    place.setAttribute("role", "alert");
    place.textContent = document.documentElement.lang === "ko"
      ? "시작하지 못했습니다. 새로 고쳐 보세요. WebAssembly를 지원하는 최신 브라우저가 필요합니다."
      : "It could not start. Reload the page; a current browser with WebAssembly is needed.";
  }
  throw error;
});
`;
const name = `boot-${hash(boot)}.js`;
writeFileSync(join(dist, name), boot);
html = html.replace(inline[0], `<script type="module" src="./${name}"></script>`);
// Browsers ignore an integrity on such a preload, and say so in the console.
html = html.replace(/(<link rel="preload"[^>]*?) integrity="[^"]*"/g, "$1");
if (/<script(?![^>]*\ssrc=)[^>]*>/.test(html)) throw new Error("an inline script is left, which the content security policy would block");
writeFileSync(page, html);

// What is fetched afterwards, as the build of the wasm has just left it.
const builds = join(process.env.CARGO_TARGET_DIR ?? "target", "wasm32-unknown-unknown");
const within = (folder) => (existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []);
for (const [name, output] of [["descriptions", "schema_docs.txt"], ["lessons", "lessons.json"]]) {
  const made = within(builds).flatMap((profile) => within(join(profile, "build"))).map((build) => join(build, "out", output)).filter(existsSync);
  const newest = made.sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs).at(-1);
  if (!newest) throw new Error(`no ${output} is below ${builds}`);
  const text = readFileSync(newest, "utf8");
  const file = `${name}-${hash(text)}${extname(output)}`;
  writeFileSync(join(dist, file), text);
  html = html.replace("<html ", `<html data-${name}="./${file}" `);
}
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
const urls = files.map((path) => (path === "index.html" ? "./" : `./${path}`));
const worker = join(dist, "sw.js");
const source = readFileSync(worker, "utf8").replace('"development"', JSON.stringify(version)).replace("FILES = []", `FILES = ${JSON.stringify(urls)}`);
writeFileSync(worker, source);
