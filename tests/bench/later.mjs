// Renews src/ui/app/later.txt: plays the built app's first seconds, and notes which functions of its WebAssembly ran by then.
import { spawn } from "node:child_process";
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import binaryen from "binaryen";
import config from "../e2e/playwright.config.mjs";
import { make } from "../../src/ui/app/later.mjs";
import { bodies } from "../../src/ui/app/order.mjs";
import { plain } from "../../src/ui/app/split.mjs";

const LEAST = 100; // Bytes of code that are worth a line.
const WATCHED_MS = 10_000; // So long a slow network may take with the second part before somebody waits for it.
const VISITS = [
  { locale: "en-US", viewport: { width: 1440, height: 900 }, colorScheme: "light" },
  { locale: "ko-KR", viewport: { width: 390, height: 844 }, colorScheme: "dark" },
  { locale: "en-US", viewport: { width: 1024, height: 768 }, colorScheme: "dark", reducedMotion: "reduce" },
];
const [list, whole, site, port] = ["src/ui/app/later.txt", "target/later/whole.wasm", "target/later/dist", 8097];

/** The module in one file, in which each function says its number first; and the names of the functions. */
function telling(bytes) {
  const module = binaryen.readBinary(bytes);
  const functions = Array.from({ length: module.getNumFunctions() }, (_, i) => module.getFunctionByIndex(i)).filter((f) => !binaryen.getFunctionInfo(f).module);
  module.addFunctionImport("ran", "./podlab_bg.js", "ran", binaryen.createType([binaryen.i32]), binaryen.none);
  const names = functions.map((f, number) => {
    const { name, body, results } = binaryen.getFunctionInfo(f);
    binaryen.Function.setBody(f, module.block(null, [module.call("ran", [module.i32.const(number)], binaryen.none), body], results));
    return name;
  });
  return { names, bytes: module.emitBinary() };
}

rmSync(site, { recursive: true, force: true });
cpSync("dist", site, { recursive: true });
const bytes = readFileSync(whole);
const { names, bytes: told } = telling(bytes);
for (const file of readdirSync(site)) {
  const path = join(site, file);
  if (/^podlab-.*\.wasm$/.test(file)) writeFileSync(path, told);
  if (/^podlab-.*\.js$/.test(file)) {
    const glue = "const imports = __wbg_get_imports();";
    const source = readFileSync("target/later/glue.js", "utf8");
    if (!source.includes(glue)) throw new Error("target/later/glue.js does not read as expected");
    writeFileSync(path, source.replaceAll(glue, `${glue} imports["./podlab_bg.js"].ran = (number) => (globalThis.ran ??= new Set()).add(number);`));
  }
  // In one file, so nothing follows.
  if (file === "index.html") writeFileSync(path, readFileSync(path, "utf8").replace(/ data-later="[^"]*"/, "").replace(/ integrity="[^"]*"/g, ""));
}

const server = spawn("node", ["tests/e2e/serve.mjs", String(port), site], { stdio: "inherit" });
const chrome = await chromium.launch(config.use.launchOptions);
const ran = new Set();
try {
  for (const options of VISITS) {
    const page = await (await chrome.newContext({ ...options, serviceWorkers: "block" })).newPage();
    // The editor comes with the second part.
    await page.route(/\/editor-[0-9a-f]+\.js$/, () => {});
    await page.goto(`http://127.0.0.1:${port}/some/where/`);
    await page.locator(".picture").getByText("Running").first().waitFor();
    await page.locator(".picture").hover();
    await page.waitForTimeout(WATCHED_MS);
    for (const number of await page.evaluate(() => [...globalThis.ran])) ran.add(number);
    await page.close();
  }
} finally {
  await chrome.close();
  server.kill();
}
const weights = bodies(bytes).map(({ length }) => length);
const lines = make(names.map((name, number) => ({ name: plain(name), size: weights[number], ran: ran.has(number) })), LEAST);
writeFileSync(list, `# What the first picture does not need; made by \`make later\`, read by later.mjs.\n${lines.join("\n")}\n`);
console.log(`${list}: ${lines.length} lines; ${ran.size} of ${names.length} functions ran in the first seconds`);
