// The playhead: going back and forward shows the same picture.
import { App, expect, test, words } from "./app.mjs";

test("back in time and forward again is the same picture", async ({ page }) => {
  const app = new App(page);
  await app.open();
  await expect(page.getByText("Running").first()).toBeVisible({ timeout: 15_000 });
  await page.getByRole("button", { name: words.en["time-pause"] }).click();
  const slider = page.getByRole("slider", { name: words.en["time-playhead"] });
  const outline = page.getByRole("navigation", { name: words.en["pic-outline"] });
  const later = await outline.innerText();
  const end = await slider.getAttribute("aria-valuenow");
  await slider.focus();
  await page.keyboard.press("Home");
  await expect.poll(() => slider.getAttribute("aria-valuenow")).toBe("0");
  await expect.poll(() => outline.innerText()).not.toBe(later);
  await page.keyboard.press("End");
  await expect.poll(() => slider.getAttribute("aria-valuenow")).toBe(end);
  await expect.poll(() => outline.innerText()).toBe(later);
});

test("what travels is never seen in the picture's corner", async ({ page }) => {
  const app = new App(page);
  await app.open();
  await expect(page.getByText("Running").first()).toBeVisible({ timeout: 15_000 });
  // Looked at as each frame is about to be painted.
  const frames = await page.evaluate(async () => {
    const seen = { moving: 0, corner: 0 };
    for (const end = performance.now() + 10_000; performance.now() < end; ) {
      await new Promise(requestAnimationFrame);
      const corner = document.querySelector(".picture-svg").getBoundingClientRect();
      for (const dot of document.querySelectorAll(".flight .dot")) {
        const at = dot.getBoundingClientRect();
        if (getComputedStyle(dot.parentElement).opacity === "0") continue;
        seen.moving += 1;
        if (Math.abs(at.x + at.width / 2 - corner.x) < 4 && Math.abs(at.y + at.height / 2 - corner.y) < 4) seen.corner += 1;
      }
    }
    return seen;
  });
  expect(frames.moving).toBeGreaterThan(30);
  expect(frames.corner).toBe(0);
});

test("the jump to the next restart stops where it can be seen", async ({ page }) => {
  const app = new App(page);
  await app.open();
  await page.getByRole("button", { name: words.en.examples }).click();
  await page.getByRole("menuitem", { name: words.en["example-echo-lp"] }).click();
  await app.apply();
  const outline = page.getByRole("navigation", { name: words.en["pic-outline"] });
  const next = page.getByRole("button", { name: words.en["time-next-restart"], exact: true });
  for (const restarts of [1, 2, 3]) {
    await next.click();
    await expect(outline.getByRole("button", { name: new RegExp(`container app.*running.*restarts: ${restarts}`, "s") })).toBeAttached();
  }
});
