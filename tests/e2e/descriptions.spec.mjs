// The schema's descriptions come after the page: whoever asks for one earlier waits for them, and they are there without a network later.
import { App, expect, test } from "./app.mjs";

const IMAGE = "Container image name.";

test("kubectl explain asked at once waits for the descriptions and prints them", async ({ page }) => {
  const app = new App(page);
  await app.open();
  await app.run("kubectl explain pod.spec.containers.image");
  await expect(app.terminalOutput).toContainText(IMAGE);
});

test("hover shows a field's description", async ({ page }) => {
  const app = new App(page);
  await app.open();
  await app.editor.getByText("image", { exact: true }).first().hover();
  await expect(page.locator(".cm-tooltip").getByText(IMAGE)).toBeVisible();
});

test("without the descriptions explain still answers", async ({ page, context }) => {
  const app = new App(page);
  await context.route(/descriptions-/, (route) => route.fulfill({ status: 204 }));
  await app.open();
  await app.run("kubectl explain pod.spec.containers.image");
  await expect(app.terminalOutput).toContainText("FIELD: image <string>");
  await expect(app.terminalOutput).not.toContainText(IMAGE);
});

test("offline after the first visit, descriptions are there", async ({ page, context }) => {
  const app = new App(page);
  await app.open();
  await page.evaluate(() => navigator.serviceWorker.ready);
  await expect.poll(() => page.evaluate(async () => (await caches.keys()).length)).toBeGreaterThan(0);
  await page.reload();
  await context.setOffline(true);
  await page.reload();
  await expect(app.editor).toBeVisible();
  await app.run("kubectl explain pod.spec.containers.image");
  await expect(app.terminalOutput).toContainText(IMAGE);
  await context.setOffline(false);
});
