// The first picture needs half of the app; the other half and the editor come while it runs, and whoever wants something of that half earlier gets it.
import { readFileSync } from "node:fs";
import { App, expect, test, words } from "./app.mjs";

const LATER = /\/later-[0-9a-f]+\.wasm$/;
const EDITOR = /\/editor-[0-9a-f]+\.js$/;

const hurried = (page) => page.evaluate(() => performance.getEntriesByName("podlab-hurried").length);

// What the service worker keeps would come in any case.
test.use({ serviceWorkers: "block" });

/** Holds back what matches until somebody lets go. */
async function hold(page, pattern) {
  let letGo;
  const free = new Promise((resolve) => (letGo = resolve));
  await page.route(pattern, async (route) => {
    await free;
    await route.continue();
  });
  return letGo;
}

test("the picture runs and the manifest can be read before the second part and the editor are there", async ({ page }) => {
  const app = new App(page);
  const letGo = [await hold(page, LATER), await hold(page, EDITOR)];
  await page.goto("./");
  await expect(page.locator(".picture").getByText("Running").first()).toBeVisible({ timeout: 15_000 });
  await expect(page.locator(".editor pre")).toContainText("name: echo-health");
  expect(await hurried(page)).toBe(0);
  letGo.forEach((go) => go());
  await expect(app.editor).toContainText("name: echo-health");
  await expect(page.locator(".editor pre")).toHaveCount(0);
  await app.run("kubectl get pods");
  await expect(app.terminalOutput).toContainText("echo-health");
  expect(await hurried(page)).toBe(0);
});

test("who wants the second part before it has come gets it at once", async ({ page }) => {
  const app = new App(page);
  let asked = 0;
  // The first asking never ends; the one in a hurry is answered.
  await page.route(LATER, (route) => (asked++ === 0 ? undefined : route.continue()));
  await page.goto("./");
  await app.run("kubectl get pods");
  await expect(app.terminalOutput).toContainText("echo-health");
  expect(await hurried(page)).toBe(1);
  await expect(app.editor).toContainText("name: echo-health");
});

test("a link waits for both parts and hurries neither", async ({ page }) => {
  const app = new App(page);
  await app.open("?embed=1");
  await expect(page.locator(".picture").getByText("Running").first()).toBeVisible({ timeout: 15_000 });
  expect(await hurried(page)).toBe(0);
});

test("a browser that compiles nothing large at once waits for both parts", async ({ page }) => {
  const app = new App(page);
  // As Chrome did before 115, on the page's own thread.
  await page.addInitScript(() => {
    const { Module, Instance } = WebAssembly;
    const small = new WeakSet();
    const refuse = (what) => {
      throw new RangeError(`${what} is disallowed on the main thread, if the buffer size is larger than 4KB.`);
    };
    WebAssembly.Module = new Proxy(Module, {
      construct(target, [bytes]) {
        if (bytes.byteLength > 4096) refuse("WebAssembly.Compile");
        const module = new target(bytes);
        small.add(module);
        return module;
      },
    });
    WebAssembly.Instance = new Proxy(Instance, { construct: (target, words) => (small.has(words[0]) ? new target(...words) : refuse("WebAssembly.Instance")) });
  });
  const letGo = await hold(page, LATER);
  await page.goto("./");
  await expect(page.getByRole("status").filter({ hasText: "starting" })).toBeVisible();
  // The first file is there by now; nobody can act before the second.
  await page.waitForLoadState("load");
  await expect(app.terminalInput).toHaveCount(0);
  letGo();
  await app.run("kubectl get pods");
  await expect(app.terminalOutput).toContainText("echo-health");
  await expect(app.editor).toContainText("name: echo-health");
  expect(await hurried(page)).toBe(0);
});

test.describe("without a part", () => {
  for (const language of ["en", "ko"]) {
    test(`the page says so and its text can be read, ${language}`, async ({ browser }) => {
      const context = await browser.newContext({ locale: language === "ko" ? "ko-KR" : "en-US", serviceWorkers: "block", baseURL: test.info().project.use.baseURL });
      const page = await context.newPage();
      const app = new App(page, language);
      await page.route(LATER, (route) => route.abort());
      await page.goto("./");
      await expect(page.getByRole("alert")).toContainText(language === "ko" ? "받지 못했습니다" : "could not be fetched");
      await expect(page.locator(".editor pre")).toContainText("name: echo-health");
      await page.unroute(LATER);
      await page.reload();
      await expect(app.editor).toContainText("name: echo-health");
      await app.run("kubectl version");
      await expect(app.terminalOutput).toContainText("Client Version");
      await context.close();
    });
  }

  test("without the editor its text can be read, and the page says what is missing", async ({ browser }) => {
    const context = await browser.newContext({ serviceWorkers: "block", baseURL: test.info().project.use.baseURL });
    const page = await context.newPage();
    await page.route(EDITOR, (route) => route.abort());
    await page.goto("./");
    await expect(page.getByRole("alert")).toContainText("could not be fetched");
    await expect(page.locator(".editor pre")).toContainText("name: echo-health");
    await expect(page.getByRole("button", { name: words.en.apply, exact: false }).first()).toBeVisible();
    await context.close();
  });
});

test("the list of what can wait names no function by its number", async () => {
  const list = readFileSync(new URL("../../src/ui/app/later.txt", import.meta.url), "utf8");
  // The next build counts otherwise, and what stands behind a number then may be wanted at once.
  expect(list.split("\n").filter((line) => /^=?\d+$/.test(line))).toEqual([]);
});
