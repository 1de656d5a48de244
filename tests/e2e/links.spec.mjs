// Links: what one context copies, a fresh one opens; bad ones leave the page intact.
import { App, expect, test, words } from "./app.mjs";

async function copied(page, item) {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: words.en.share, exact: true }).click();
  await page.getByRole("menuitem", { name: words.en[item] }).click();
  await expect(page.getByText(/The link is copied/)).toBeVisible();
  return page.evaluate(() => navigator.clipboard.readText());
}

async function elsewhere(browser, url) {
  const context = await browser.newContext({ locale: "en-US" });
  const page = await context.newPage();
  await page.goto(url);
  const app = new App(page);
  await expect(app.editor).toBeVisible();
  return { app, page, context };
}

test("a link opens the same manifest", async ({ page, browser }) => {
  const app = new App(page);
  await app.open();
  await app.write("apiVersion: v1\nkind: Pod\nmetadata:\n  name: shared-한글\n");
  const other = await elsewhere(browser, await copied(page, "share-manifest"));
  await expect(other.app.editor).toContainText("shared-한글");
  await other.context.close();
});

test("a link opens the same moment", async ({ page, browser }) => {
  const app = new App(page);
  await app.open();
  await app.run("kubectl run from-a-link --image=nginx");
  await app.run("kubectl get pods");
  await expect(app.terminalOutput).toContainText("from-a-link");
  const other = await elsewhere(browser, await copied(page, "share-moment"));
  await expect(other.app.terminalOutput).toContainText("from-a-link");
  await other.context.close();
});

test("a link opens the same lesson step", async ({ page, browser }) => {
  const app = new App(page);
  await app.open();
  await page.getByRole("button", { name: words.en.lessons, exact: true }).click();
  await page.getByRole("button", { name: /static pods/i }).click();
  const other = await elsewhere(browser, await copied(page, "share-lesson"));
  await expect(other.page.getByRole("heading", { name: "A file is enough" })).toBeVisible();
  await other.context.close();
});

const HOSTILE = [
  "x", "1", "1.", "1.%", "9.abc", "99.AAAA", "1.AAAA", "1.////", "1." + "A".repeat(50), "1." + "_".repeat(5000), "1." + "A".repeat(200_000), "0.AAAA", "-1.AAAA", "1.한글",
  "<script>alert(1)</script>", "1.<img src=x onerror=alert(1)>", "javascript:alert(1)", "1.eJwDAAAAAAE", "1.." + "x".repeat(10), "%00%00%00",
];

test("twenty hostile links leave the page intact", async ({ browser }) => {
  test.setTimeout(180_000);
  expect(HOSTILE.length).toBe(20);
  const context = await browser.newContext({ locale: "en-US", baseURL: test.info().project.use.baseURL });
  for (const fragment of HOSTILE) {
    const page = await context.newPage();
    const wrong = [];
    page.on("pageerror", (error) => wrong.push(error.message));
    page.on("dialog", (dialog) => wrong.push(dialog.message()));
    await page.goto(`./#${fragment}`);
    const app = new App(page);
    await expect(app.editor, fragment.slice(0, 40)).toContainText("echo-health");
    await expect(page.getByText(/was not opened|newer Podlab/).first(), fragment.slice(0, 40)).toBeVisible();
    expect(wrong).toEqual([]);
    await page.close();
  }
  await context.close();
});
