// What a small screen must not hide, cut or shrink.
import { App, expect, test, words } from "./app.mjs";

const pod = (name) =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\nspec:\n  containers:\n  - name: web\n    image: nginx\n    ports: [{containerPort: 80}]\n  - name: side\n    image: busybox\n    command: [sleep, "1000"]\n`;

const phone = async (browser) => {
  const context = await browser.newContext({ locale: "en-US", baseURL: test.info().project.use.baseURL, viewport: { width: 390, height: 844 }, hasTouch: true });
  const page = await context.newPage();
  const show = (word) => page.getByRole("navigation", { name: words.en.more }).getByRole("button", { name: words.en[word] }).click();
  await page.goto("./");
  await expect(page.getByText("Running").first()).toBeVisible({ timeout: 15_000 });
  return { context, page, show, app: new App(page) };
};

test("a new Pod comes to view above the buttons of the zoom, and stays there as it grows", async ({ browser }) => {
  const { context, page, show, app } = await phone(browser);
  await show("manifest");
  await app.write(pod("zz"));
  await app.apply();
  await show("picture");
  await expect(page.locator(".picture-svg").getByRole("button", { name: /^Pod zz\b.*Running.*2\/2/s })).toBeAttached({ timeout: 15_000 });
  const shape = page.locator(".picture-svg").getByRole("button", { name: /^Pod zz\b/ }).locator(".capsule");
  const [capsule, bar, view] = await Promise.all([shape, page.locator(".picture-zoom"), page.locator("#picture-view")].map((shown) => shown.boundingBox()));
  expect(capsule.y).toBeGreaterThanOrEqual(view.y);
  expect(capsule.y + capsule.height).toBeLessThanOrEqual(bar.y);
  await context.close();
});

test("rows of columns are not broken: the terminal scrolls sideways", async ({ browser }) => {
  const { context, page, show, app } = await phone(browser);
  await show("terminal");
  await app.run("kubectl get pods -o wide");
  const rows = app.terminalOutput.getByText("NOMINATED NODE");
  await expect(rows).toBeVisible();
  const lines = (await rows.textContent()).trim().split("\n").length;
  const tops = await rows.evaluate((table) => [...table.getClientRects()].map((line) => Math.round(line.top)));
  expect(new Set(tops).size).toBe(lines);
  await context.close();
});

test("a figure of two containers is as large as the picture, whatever the width of its column", async ({ page }) => {
  test.setTimeout(120_000);
  const say = words.en;
  await page.goto("./");
  await page.getByRole("button", { name: say.lessons, exact: true }).click();
  await page.getByRole("button", { name: /Shared localhost/ }).click();
  const next = page.getByRole("button", { name: `${say["lesson-next"]} →`, exact: true });
  for (let step = 1; step <= 3; step++) {
    await page.getByRole("button", { name: say["lesson-show-me"], exact: true }).click();
    await expect(next).toBeEnabled({ timeout: 60_000 });
    if (step < 3) await next.click();
  }
  const drawing = page.getByRole("figure").locator("svg");
  for (const size of [{ width: 1440, height: 900 }, { width: 1024, height: 768 }, { width: 390, height: 844 }]) {
    await page.setViewportSize(size);
    if (size.width < 600) await page.getByRole("navigation", { name: say.more }).getByRole("button", { name: say.lesson }).click();
    await expect.poll(() => drawing.evaluate((svg) => svg.getScreenCTM().a), { message: `at ${size.width}` }).toBeGreaterThan(0.93);
    // A shadow that is defined in a picture that is not shown would take the card away with it.
    expect(await drawing.locator(".card .box").first().evaluate((box) => getComputedStyle(box).filter)).toBe("none");
  }
});
