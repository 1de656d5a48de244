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
