// A first visit, and the things that must always hold.
import { App, expect, test, words } from "./app.mjs";

test("the first visit shows a running example", async ({ page }) => {
  const app = new App(page);
  await app.open();
  const outline = page.getByRole("navigation", { name: words.en["pic-outline"] });
  await expect(outline.getByText(/echo-health/).first()).toBeAttached();
  await expect(page.getByText("Running").first()).toBeVisible({ timeout: 15_000 });
  await app.run("kubectl get pods");
  await expect(app.terminalOutput).toContainText(/echo-health\s+1\/1\s+Running/, { timeout: 20_000 });
});

test("a reload keeps the text", async ({ page }) => {
  const app = new App(page);
  await app.open();
  await app.write("apiVersion: v1\nkind: Pod\nmetadata: {name: kept-한글}\n");
  await expect(app.editor).toContainText("kept-한글");
  await page.reload();
  await expect(app.editor).toContainText("kept-한글");
});

test("language and theme switch at once and are remembered", async ({ page }) => {
  const app = new App(page);
  await app.open();
  await page.getByRole("button", { name: words.en["language-other-label"] }).click();
  await expect(page.getByRole("button", { name: words.ko.apply, exact: false }).first()).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "ko");
  await page.getByRole("button", { name: words.ko["theme-dark"] }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("lang", "ko");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("a Korean browser opens the page in Korean", async ({ browser }) => {
  const context = await browser.newContext({ locale: "ko-KR", baseURL: test.info().project.use.baseURL });
  const page = await context.newPage();
  await page.goto("./");
  await expect(page.locator("html")).toHaveAttribute("lang", "ko");
  await context.close();
});

/** The page without a network, after a visit that the browser has kept. */
async function unplugged(page, context, visit = async () => {}) {
  const app = new App(page);
  await app.open();
  await visit();
  await page.evaluate(() => navigator.serviceWorker.ready);
  await expect.poll(() => page.evaluate(async () => (await caches.keys()).length)).toBeGreaterThan(0);
  await page.reload();
  await context.setOffline(true);
  await page.reload();
  await expect(app.editor).toBeVisible();
}

const openLesson = async (page, index) => {
  await page.getByRole("button", { name: words.en.lessons, exact: true }).click();
  await page.locator(".lesson-card button").nth(index).click();
};

test("offline after the first visit, the page opens and a lesson runs", async ({ page, context }) => {
  await unplugged(page, context);
  await openLesson(page, 0);
  await page.getByRole("button", { name: words.en["lesson-show-me"] }).click();
  await expect(page.getByRole("button", { name: `${words.en["lesson-next"]} →` })).toBeEnabled({ timeout: 30_000 });
  await context.setOffline(false);
});

test("offline after a look at the list of lessons, each of them opens", async ({ page, context }) => {
  const all = () => page.evaluate(async () => (await (await caches.open((await caches.keys())[0])).keys()).filter((request) => /\/lesson-/.test(request.url)).length);
  await unplugged(page, context, async () => {
    await page.getByRole("button", { name: words.en.lessons, exact: true }).click();
    await expect.poll(all).toBe(await page.locator(".lesson-card").count());
  });
  // The list is what was open when the page was left, or is opened again.
  await openLesson(page, -1);
  await expect(page.getByRole("button", { name: words.en["lesson-show-me"] })).toBeVisible();
  await context.setOffline(false);
});

test("a lesson that cannot be fetched says so, and can be opened later", async ({ browser }) => {
  const context = await browser.newContext({ baseURL: test.info().project.use.baseURL, locale: "en-US", serviceWorkers: "block" });
  const page = await context.newPage();
  await page.goto("./");
  await page.getByRole("button", { name: words.en.lessons, exact: true }).click();
  await page.route(/lesson-[a-z]/, (route) => route.abort());
  await page.locator(".lesson-card button").first().click();
  await expect(page.getByText(words.en["lesson-lost"])).toBeVisible();
  await page.unroute(/lesson-[a-z]/);
  await page.locator(".lesson-card button").first().click();
  await expect(page.getByRole("button", { name: words.en["lesson-show-me"] })).toBeVisible();
  await context.close();
});

test("the head stays one line on a phone, with Undo in it, in both languages", async ({ browser }) => {
  for (const language of ["en", "ko"]) {
    const say = words[language];
    const context = await browser.newContext({ locale: language === "ko" ? "ko-KR" : "en-US", baseURL: test.info().project.use.baseURL, viewport: { width: 390, height: 844 } });
    const page = await context.newPage();
    const show = (word) => page.getByRole("navigation", { name: say.more }).getByRole("button", { name: say[word] }).click();
    await page.goto("./");
    await expect(page.getByText("Running").first()).toBeVisible({ timeout: 15_000 });
    await show("timeline");
    await page.getByRole("slider", { name: say["time-playhead"] }).press("Home");
    await show("terminal");
    await new App(page, language).run("kubectl get pods");
    await expect(page.getByRole("button", { name: say.undo, exact: true })).toBeVisible();
    const head = await page.locator(".head").boundingBox();
    expect(head.height, language).toBeLessThan(60);
    await context.close();
  }
});

test("the menu of examples shows all of them, each in one line", async ({ page }) => {
  const app = new App(page);
  await app.open();
  await page.getByRole("button", { name: words.en.examples }).click();
  const menu = page.getByRole("menu");
  expect(await menu.evaluate((list) => list.scrollHeight - list.clientHeight)).toBeLessThan(2);
  const heights = await menu.getByRole("menuitem").evaluateAll((items) => items.map((item) => item.clientHeight));
  expect(Math.max(...heights)).toBeLessThan(45);
});
