// The built app in Chromium: first visit, keystroke → diagnostics, the playhead, the terminal's echo.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { chromium } from "@playwright/test";
import config from "../e2e/playwright.config.mjs";
import { parse } from "../e2e/words.mjs";
import { short, spread, stats } from "./figures.mjs";
import { big } from "./inputs.mjs";

const port = 8098;
const url = `http://127.0.0.1:${port}/some/where/`;
const words = parse("en");
const part = "Built app in Chromium";
const options = { viewport: config.use.viewport, locale: "en-US" };

export async function browser(report) {
  const server = spawn("node", ["tests/e2e/serve.mjs", String(port)], { stdio: "ignore" });
  const chrome = await chromium.launch(config.use.launchOptions);
  try {
    await served();
    await visits(chrome, report);
    await keystrokes(await open(chrome), report);
    const page = await open(chrome);
    await longRun(page);
    await echo(page, report);
    await moments(page, report);
  } finally {
    await chrome.close();
    server.kill();
  }
}

async function served() {
  for (let tries = 0; tries < 50; tries++) {
    if (await fetch(url).then((answer) => answer.ok, () => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the local server does not answer");
}

async function open(chrome) {
  const page = await (await chrome.newContext(options)).newPage();
  await page.goto(url);
  await page.getByText("Running").first().waitFor();
  return page;
}

async function visits(chrome, report) {
  const samples = [];
  for (let i = 0; i < 7; i++) {
    const context = await chrome.newContext(options); // With an empty cache.
    const page = await context.newPage();
    const start = performance.now();
    await page.goto(url, { waitUntil: "commit" });
    await page.locator(".picture").getByText("Running").first().waitFor();
    samples.push(performance.now() - start);
    await context.close();
  }
  report.row(part, "first visit to a running picture, local server", spread(samples, "ms"), { target: "< 1.5 s", meets: stats(samples).median < 1500 });
}

async function paste(page, text) {
  const editor = page.getByRole("textbox", { name: words["manifest-editor"] });
  await editor.click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("Delete");
  await page.evaluate((text) => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  }, text);
}

// From the key's own time stamp (so that waiting for a busy page counts) to the mark that the editor sets when the diagnostics are in it, and
// to the first moment after the next frame was painted.
const watchKeys = () => {
  window.keys = [];
  document.addEventListener("keydown", (event) => {
    if (event.key.startsWith("Arrow") || event.key.startsWith("Home") || event.key.startsWith("End") || event.ctrlKey) return; // Types nothing.
    performance.clearMarks("podlab-checked");
    const look = () => {
      const [mark] = performance.getEntriesByName("podlab-checked");
      if (!mark) return requestAnimationFrame(look);
      const channel = new MessageChannel();
      channel.port1.onmessage = () => window.keys.push({ checked: mark.startTime - event.timeStamp, painted: performance.now() - event.timeStamp });
      channel.port2.postMessage(0);
    };
    requestAnimationFrame(look);
  }, true);
};

async function keystrokes(page, report) {
  await paste(page, readFileSync(big, "utf8"));
  await page.keyboard.press("ControlOrMeta+Home");
  await page.evaluate(watchKeys);
  const type = async (keys) => {
    await page.evaluate(() => (window.keys.length = 0));
    for (const [i, key] of keys.entries()) {
      await page.keyboard.press(key);
      await page.waitForFunction((n) => window.keys.length > n, i, { polling: 20, timeout: 10_000 });
    }
    return page.evaluate(() => window.keys);
  };
  const goTo = async (line) => {
    await page.keyboard.press("ControlOrMeta+Home");
    for (let i = 1; i < line; i++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("End");
  };
  // Each place is typed into and cleared again: a value (all stays valid), behind a list (no YAML any more: repairs are tried), a field's name, the kind.
  const there = (letter) => Array.from({ length: 40 }, (_, i) => (i % 2 ? "Backspace" : letter));
  const places = [["in a value", 254, there("x")], ["behind a list", 255, there("x")], ["in a field's name", 250, there("x")], ["in the kind", 2, there("x")]];
  const all = [];
  for (const [label, line, keys] of places) {
    await goTo(line);
    // Names end before their colon.
    if (label === "in a field's name") await page.keyboard.press("ArrowLeft");
    const seen = await type(keys);
    all.push(...seen);
    report.row(part, `keystroke → diagnostics, 500 lines, ${label}`, spread(seen.map((k) => k.checked), "ms"));
  }
  const checked = all.map((k) => k.checked);
  report.row(part, "keystroke → diagnostics, 500 lines, all", `p50 ${short(stats(checked).median)} ms, p95 ${short(stats(checked).p95)} ms`, { target: "p95 < 16 ms", meets: stats(checked).p95 < 16 });
  report.row(part, "— and painted (waits for the screen's next frame)", spread(all.map((k) => k.painted), "ms"));
}

/** Ten Pods with probes, played for half an hour at ×60. */
async function longRun(page) {
  const pod = (i) => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: web-${i}\nspec:\n  containers:\n    - name: app\n      image: ghcr.io/subicura/echo:v1\n      livenessProbe: {httpGet: {path: /, port: 3000}, periodSeconds: 10}\n      readinessProbe: {httpGet: {path: /, port: 3000}, periodSeconds: 10}\n`;
  await paste(page, Array.from({ length: 10 }, (_, i) => pod(i)).join("---\n"));
  await page.getByRole("button", { name: words.apply, exact: false }).first().click();
  await page.getByRole("combobox", { name: words["time-speed"] }).selectOption("60");
  await page.waitForTimeout(2000);
}

async function echo(page, report) {
  const line = page.getByRole("textbox", { name: words["terminal-input"] });
  await line.click();
  await page.evaluate(() => {
    window.echoes = [];
    document.addEventListener("keydown", (event) => {
      const { target } = event;
      const before = target.value;
      const look = () => {
        if (target.value === before) return requestAnimationFrame(look);
        const channel = new MessageChannel();
        channel.port1.onmessage = () => window.echoes.push(performance.now() - event.timeStamp);
        channel.port2.postMessage(0);
      };
      requestAnimationFrame(look);
    }, true);
  });
  const text = "kubectl get pods -o wide --sort-by=.metadata.name ";
  for (const [i, letter] of [...text, ...text].entries()) {
    await page.keyboard.type(letter);
    await page.waitForFunction((n) => window.echoes.length > n, i, { polling: 20, timeout: 10_000 });
  }
  const samples = await page.evaluate(() => window.echoes);
  report.row(part, "terminal: key → painted, ten Pods at ×60", spread(samples, "ms"), { target: "within a frame (p95 < 33 ms: one frame's wait, one frame)", meets: stats(samples).p95 < 33 });
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("Delete");
}

async function moments(page, report) {
  const slider = page.getByRole("slider", { name: words["time-playhead"] });
  const place = (attribute) => slider.getAttribute(attribute).then(Number);
  while ((await place("aria-valuemax")) < 1_800_000) await page.waitForTimeout(500);
  await page.getByRole("button", { name: words["time-pause"] }).click();
  await page.getByRole("button", { name: words["time-all"], exact: true }).click();
  await page.evaluate((name) => {
    window.moves = [];
    document.addEventListener("pointerdown", (event) => {
      const now = () => document.querySelector(`[role=slider][aria-label="${name}"]`)?.getAttribute("aria-valuenow");
      const before = now();
      const look = () => {
        if (now() === before) return requestAnimationFrame(look);
        const channel = new MessageChannel();
        channel.port1.onmessage = () => window.moves.push(performance.now() - event.timeStamp);
        channel.port2.postMessage(0);
      };
      requestAnimationFrame(look);
    }, true);
  }, words["time-playhead"]);
  const box = await page.locator(".timeline-body svg").boundingBox();
  const head = 110; // The names of the lanes stand left of the chart.
  for (let i = 0; i < 60; i++) {
    // Places all over the run, each far from the last.
    const share = ((i + 1) * 0.618034) % 1;
    await page.mouse.click(box.x + head + share * (box.width - head - 20), box.y + 8);
    await page.waitForFunction((n) => window.moves.length > n, i, { polling: 20, timeout: 10_000 });
  }
  const samples = await page.evaluate(() => window.moves);
  report.row(part, "playhead to any moment of 30 min, ten Pods → painted", spread(samples, "ms"), { target: "p95 < 100 ms", meets: stats(samples).p95 < 100 });
}
