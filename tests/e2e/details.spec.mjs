// The details of a shape and what can be done from there; the small figures of lessons.
import { App, expect, test, words } from "./app.mjs";

test("a request sent from a container's details is answered in the terminal", async ({ page }) => {
  const app = new App(page);
  await app.open();
  const outline = page.getByRole("navigation", { name: words.en["pic-outline"] });
  await expect(outline.getByText("10.244.2.2").first()).toBeAttached({ timeout: 15_000 });
  await page.getByRole("button", { name: /^container sh\b/i }).first().click();
  await page.getByLabel(words.en["ins-request-to"]).fill("10.244.2.2:8080");
  await page.getByRole("button", { name: words.en["ins-send"], exact: true }).click();
  await expect(page.getByText("# visitor/sh → 10.244.2.2:8080: 200")).toBeVisible();
  await expect(page.getByText("You've hit kubia").first()).toBeVisible();
  await page.getByLabel(words.en["ins-request-to"]).fill("10.244.2.2:9");
  await page.getByRole("button", { name: words.en["ins-send"], exact: true }).click();
  await expect(page.getByText("# visitor/sh → 10.244.2.2:9: connection refused")).toBeVisible();
});

test("a node is cut off from its details, and mended there", async ({ page }) => {
  const say = words.en;
  const app = new App(page);
  await app.open();
  const outline = page.getByRole("navigation", { name: say["pic-outline"] });
  // Its name stands in the frame's upper left corner; Pods lie further down.
  await page.getByRole("group", { name: say["pic-label"] }).getByRole("button", { name: /^node node-2\b/i }).click({ position: { x: 40, y: 20 } });
  const details = page.getByRole("complementary", { name: say["ins-label"] });
  await details.getByRole("button", { name: say["ins-net-cut"], exact: true }).click();
  await expect(details.getByRole("button", { name: say["ins-net-mend"], exact: true })).toBeVisible();
  await page.getByRole("combobox", { name: say["time-speed"] }).selectOption("60");
  await expect(outline.getByRole("button", { name: /node-2.*NotReady/ })).toBeAttached({ timeout: 20_000 });
  await details.getByRole("button", { name: say["ins-net-mend"], exact: true }).click();
  await expect(outline.getByRole("button", { name: /node-2.*NotReady/ })).toHaveCount(0, { timeout: 20_000 });
});

test("a lesson's figure shows the moment that its slider says", async ({ page }) => {
  const say = words.en;
  await page.goto("./");
  await page.getByRole("button", { name: say.lessons, exact: true }).click();
  await page.getByRole("button", { name: /Liveness probe/ }).click();
  await page.getByRole("button", { name: say["lesson-show-me"], exact: true }).click();
  const figure = page.getByRole("figure");
  await expect(figure).toBeVisible({ timeout: 60_000 });
  await expect(figure.getByText("Running 1/1")).toBeVisible();
  const slider = figure.getByRole("slider", { name: say["lesson-figure-time"] });
  await slider.fill("17");
  await expect(figure.getByText("CrashLoopBackOff 0/1")).toBeVisible();
  await expect(figure.getByText("restarts: 2")).toBeVisible();
  await slider.fill("3");
  await expect(figure.getByText("Running 1/1")).toBeVisible();
  await expect(figure.getByText("restarts")).toHaveCount(0);
});

test("a container's amounts are told in the page's language", async ({ browser }) => {
  const context = await browser.newContext({ locale: "ko-KR", baseURL: test.info().project.use.baseURL, viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto("./");
  await page.getByRole("button", { name: /^컨테이너 kubia/ }).first().click({ timeout: 15_000 });
  const details = page.getByRole("complementary", { name: words.ko["ins-label"] });
  await expect(details.getByText("memory 사용량", { exact: true })).toBeAttached({ timeout: 15_000 });
  for (const amounts of await details.locator("dl").allTextContents()) expect(amounts).not.toMatch(/\b(used|request|limit)\b/);
  await context.close();
});

test("a long path in the details leaves room for what stands beside it", async ({ page }) => {
  const app = new App(page);
  await app.open();
  await expect(page.getByText("Running").first()).toBeVisible({ timeout: 15_000 });
  await page.getByRole("button", { name: /^container sh\b/i }).first().click();
  const value = page.getByRole("complementary", { name: words.en["ins-label"] }).getByText(/kube-api-access/).first();
  expect((await value.boundingBox()).width).toBeGreaterThan(90);
});

test("the details of another shape begin at their top", async ({ page }) => {
  const app = new App(page);
  await app.open();
  await expect(page.getByText("Running").first()).toBeVisible({ timeout: 15_000 });
  await page.getByRole("button", { name: /^container kubia\b/i }).first().click();
  const body = page.getByRole("group", { name: words.en["ins-details"] });
  await body.evaluate((element) => element.scrollTo(0, 10_000));
  expect(await body.evaluate((element) => element.scrollTop)).toBeGreaterThan(50);
  await page.getByRole("button", { name: /^container app\b/i }).first().focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("complementary", { name: words.en["ins-label"] }).getByRole("heading", { level: 3 })).toContainText("app");
  expect(await body.evaluate((element) => element.scrollTop)).toBe(0);
});
