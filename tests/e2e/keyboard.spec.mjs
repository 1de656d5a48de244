// The page without a mouse: where Tab leads, and that the focus is never lost.
import { App, expect, test, words } from "./app.mjs";

const say = words.en;

async function ready(page) {
  const app = new App(page);
  await app.open();
  await expect(page.locator(".picture").getByText("Running").first()).toBeVisible({ timeout: 15_000 });
  return app;
}

/** Tabs on until the focused element fits. */
async function tabTo(page, wanted, most = 40) {
  for (let i = 0; i < most; i++) {
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), wanted)) return i;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not come to ${wanted}`);
}

test("Tab walks through the whole page, and the editor keeps it once somebody types there", async ({ page }) => {
  const app = await ready(page);
  const before = await app.text();
  await tabTo(page, ".cm-content");
  // The list of the picture's shapes is one stop.
  await page.keyboard.press("Tab");
  expect(await tabTo(page, "input.command")).toBeLessThan(32);
  expect(await app.text()).toBe(before);
  await page.getByRole("button", { name: say.apply, exact: false }).first().focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("End");
  await page.keyboard.press("Tab");
  await expect(app.editor).toBeFocused();
  expect(await app.text()).not.toBe(before);
  await expect(page.getByText(say["editor-leave"])).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  await expect(app.editor).not.toBeFocused();
});

test("the list of the picture's shapes is walked by arrows", async ({ page }) => {
  await ready(page);
  await tabTo(page, ".cm-content");
  await page.keyboard.press("Tab");
  await tabTo(page, ".outline button");
  const focused = page.locator(".outline button:focus");
  await expect(focused).toHaveText("kube-apiserver");
  await page.keyboard.press("ArrowDown");
  await expect(focused).toHaveText("etcd");
  await page.keyboard.press("End");
  await expect(focused).toContainText("Service");
});

test("an open menu has the focus and gives it back", async ({ page }) => {
  await ready(page);
  const button = page.getByRole("button", { name: say.examples });
  await button.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: say["example-first"] })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(button).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("menuitem", { name: say["example-nginx"] })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(button).toBeFocused();
  await expect(page.locator(".cm-content")).toContainText("nginx");
});

test("who chooses a shape by a key goes on in its details, and stands at the shape again afterwards", async ({ page }) => {
  await ready(page);
  const shape = page.getByRole("button", { name: /^container kubia\b/i }).first();
  await shape.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("group", { name: say["ins-details"] })).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("complementary", { name: say["ins-label"] })).toHaveCount(0);
  await expect(shape).toBeFocused();
  // With the mouse the focus stays where it is.
  await page.getByRole("button", { name: /^container sh\b/i }).first().click();
  await expect(page.getByRole("complementary", { name: say["ins-label"] })).toBeVisible();
  await expect(page.getByRole("group", { name: say["ins-details"] })).not.toBeFocused();
});

test("after a repair the focus is at the problems", async ({ page }) => {
  const app = await ready(page);
  await app.write("apiVersion: v1\nkind: pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: web\n    image: nginx\n");
  const fix = page.locator(".problem .button").first();
  await fix.focus();
  await page.keyboard.press("Enter");
  await expect(app.editor).toContainText("kind: Pod");
  await expect(page.getByRole("region", { name: say.problems })).toBeFocused();
});

test("a notice that is closed by a key gives the focus back to what it came from", async ({ page }) => {
  const app = await ready(page);
  await app.terminalInput.focus();
  await page.evaluate(() => (location.hash = "#9.abc"));
  const close = page.locator(".notice .button");
  await close.focus();
  await page.keyboard.press("Enter");
  await expect(page.locator(".notice")).toHaveCount(0);
  await expect(app.terminalInput).toBeFocused();
});

test("a shape is pointed at only while it has the focus", async ({ page }) => {
  await ready(page);
  const shape = page.locator(".picture-svg .shape[tabindex='0']").first();
  await shape.focus();
  await expect(page.locator(".picture-svg .is-pointed")).not.toHaveCount(0);
  await page.keyboard.press("Tab");
  await expect(page.locator(".picture-svg .is-pointed")).toHaveCount(0);
});

test("in a lesson the focus stays near what was pressed", async ({ page }) => {
  await ready(page);
  await page.getByRole("button", { name: say.lessons, exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.locator(".lesson-list button").first().focus();
  await page.keyboard.press("Enter");
  await expect(page.locator("#step-title")).toBeFocused();
  await page.locator(".choice").first().focus();
  await page.keyboard.press("Enter");
  await expect(page.locator(".answered")).toBeFocused();
  await page.getByRole("button", { name: say["lesson-list"] }).focus();
  await page.keyboard.press("Enter");
  await expect(page.locator(".lesson-list button").first()).toBeFocused();
  await page.getByRole("button", { name: say["lesson-close"] }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: say.lessons, exact: true })).toBeFocused();
});

for (const [width, height, least] of [[1440, 900, 0.9], [2560, 1440, 1.3], [3440, 1440, 1.3]]) {
  test(`the picture uses a page of ${width} × ${height}`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    const app = await ready(page);
    const drawn = async () => page.locator(".picture-svg").first().evaluate((svg) => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width);
    await expect.poll(drawn).toBeGreaterThan(least);
    expect(await drawn()).toBeLessThan(1.51);
    const view = page.locator(".picture-view");
    expect(await view.evaluate((view) => view.scrollWidth - view.clientWidth)).toBe(0);
    expect((await app.editor.boundingBox()).width).toBeLessThan(700);
  });
}
