// Measures the built app in Chromium: what a first visit weighs, how long it takes to a running picture, keystroke → diagnostics, going back in time.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { chromium } from "@playwright/test";
import config from "./playwright.config.mjs";
import { parse } from "./words.mjs";

const words = parse("en");
const port = 8098;

function weigh() {
  const files = [];
  const walk = (folder) => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (name.startsWith(".")) continue;
      if (statSync(path).isDirectory()) walk(path);
      else files.push(path);
    }
  };
  walk("dist");
  let total = 0;
  console.log("wire: all files of a first visit, Brotli 11");
  for (const path of files.sort()) {
    const plain = readFileSync(path);
    const small = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } }).length;
    total += small;
    console.log(`  ${(small / 1024).toFixed(1).padStart(7)} KiB  (${(plain.length / 1024).toFixed(1)} plain)  ${path}`);
  }
  console.log(`  ${(total / 1024).toFixed(1).padStart(7)} KiB  in all`);
}

const quantile = (values, q) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))];
const spread = (label, values) =>
  console.log(`  ${label}: median ${quantile(values, 0.5).toFixed(1)} ms, p95 ${quantile(values, 0.95).toFixed(1)} ms, max ${Math.max(...values).toFixed(1)} ms (${values.length} times)`);

weigh();
const server = spawn("node", ["tests/e2e/serve.mjs", String(port)], { stdio: "ignore" });
const url = `http://127.0.0.1:${port}/some/where/`;
await new Promise((resolve) => setTimeout(resolve, 500));
const browser = await chromium.launch(config.use.launchOptions);
try {
  const visits = [];
  for (let i = 0; i < 5; i++) {
    const context = await browser.newContext({ viewport: config.use.viewport, locale: "en-US" });
    const page = await context.newPage();
    const start = performance.now();
    await page.goto(url);
    await page.getByText("Running").first().waitFor();
    visits.push(performance.now() - start);
    await context.close();
  }
  console.log("first visit to a running picture, local server");
  spread("open", visits);

  const page = await browser.newPage({ viewport: config.use.viewport, locale: "en-US" });
  await page.goto(url);
  const editor = page.getByRole("textbox", { name: words["manifest-editor"] });
  await editor.click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("Delete");
  await page.evaluate((text) => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  }, readFileSync("tests/data/bench/pod-500-lines.yaml", "utf8"));
  await page.keyboard.press("ControlOrMeta+Home");
  // The page marks both ends itself: `podlab-key` when the editor hands over a text, `podlab-checked` when the diagnostics are in the editor.
  const typed = [];
  for (let i = 0; i < 60; i++) {
    await page.evaluate(() => performance.clearMarks());
    await page.keyboard.type(i % 2 ? "x" : "#", { delay: 0 });
    await page.waitForFunction(() => performance.getEntriesByName("podlab-checked").length > 0, null, { timeout: 5000 });
    typed.push(
      await page.evaluate(() => performance.getEntriesByName("podlab-checked")[0].startTime - performance.getEntriesByName("podlab-key")[0].startTime),
    );
  }
  console.log("keystroke → diagnostics shown, 500 lines");
  spread("key", typed);
} finally {
  await browser.close();
  server.kill();
}
