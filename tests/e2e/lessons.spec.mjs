// Each lesson from start to end, in both languages, as "show me" plays it; once with nothing but the keyboard.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test, words } from "./app.mjs";

const folder = new URL("../../lessons/", import.meta.url);
const lessons = readdirSync(folder).map((id) => {
  const title = (language) => /^# (.*)$/m.exec(readFileSync(new URL(`${id}/${language}.md`, folder), "utf8"))[1];
  const steps = readFileSync(new URL(`${id}/en.md`, folder), "utf8").match(/^## /gm).length;
  return { id, steps, title: { en: title("en"), ko: title("ko") } };
});

for (const { id, steps, title } of lessons) {
  for (const language of ["en", "ko"]) {
    test(`${id} from start to end, ${language}`, async ({ browser }) => {
      test.setTimeout(240_000);
      const context = await browser.newContext({ locale: language === "ko" ? "ko-KR" : "en-US", baseURL: test.info().project.use.baseURL, viewport: { width: 1440, height: 900 } });
      const page = await context.newPage();
      const say = words[language];
      await page.goto("./");
      await page.getByRole("button", { name: say.lessons, exact: true }).click();
      await page.getByRole("button", { name: title[language], exact: false }).click();
      for (let step = 1; step <= steps; step++) {
        await page.getByRole("button", { name: say["lesson-show-me"], exact: true }).click();
        const next = page.getByRole("button", { name: `${step === steps ? say["lesson-end"] : say["lesson-next"]} →`, exact: true });
        await expect(next).toBeEnabled({ timeout: 90_000 });
        await expect(page.getByRole("heading", { name: say["lesson-why"] })).toBeVisible();
        await next.click();
      }
      await expect(page.getByText(say["lesson-finished"]).first()).toBeVisible();
      await context.close();
    });
  }
}

test("a step that is begun again, or opened after a reload, can be finished", async ({ page }) => {
  test.setTimeout(120_000);
  const say = words.en;
  const next = page.getByRole("button", { name: `${say["lesson-next"]} →`, exact: true });
  const show = async () => {
    await page.getByRole("button", { name: say["lesson-show-me"], exact: true }).click();
    await expect(next).toBeEnabled({ timeout: 60_000 });
  };
  await page.goto("./");
  await page.getByRole("button", { name: say.lessons, exact: true }).click();
  await page.getByRole("button", { name: lessons.find((l) => l.id === "shared-localhost").title.en, exact: false }).click();
  // A wrong prediction stays what was said, whatever the solution answers.
  await page.getByRole("button", { name: "Two, one for each container" }).click();
  await show();
  await expect(page.getByText("You said Two, one for each container.")).toBeVisible();
  await next.click();
  await show();
  await page.getByRole("button", { name: say["lesson-reset"], exact: true }).click();
  await expect(next).toBeDisabled();
  await show();
  await page.reload();
  await expect(next).toBeDisabled();
  await show();
});

test("a lesson with the keyboard only", async ({ page }) => {
  test.setTimeout(240_000);
  const say = words.en;
  await page.goto("./");
  /** Tabs on until the focused element has this name. */
  const reach = async (name) => {
    for (let i = 0; i < 250; i++) {
      const label = await page.evaluate(() => (document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "").trim());
      if (label.includes(name) && !(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest(".cm-editor")))) return;
      // Tab indents inside the editor; Escape first lets it leave.
      if (await page.evaluate(() => !!document.activeElement?.closest(".cm-editor"))) await page.keyboard.press("Escape");
      await page.keyboard.press("Tab");
    }
    throw new Error(`no element named ${name} can be reached with Tab`);
  };
  await reach(say.lessons);
  await page.keyboard.press("Enter");
  const lesson = lessons.find((l) => l.id === "shared-localhost");
  await reach(lesson.title.en);
  await page.keyboard.press("Enter");
  for (let step = 1; step <= lesson.steps; step++) {
    await reach(say["lesson-show-me"]);
    await page.keyboard.press("Enter");
    const next = page.getByRole("button", { name: `${step === lesson.steps ? say["lesson-end"] : say["lesson-next"]} →`, exact: true });
    await expect(next).toBeEnabled({ timeout: 90_000 });
    await reach(`${step === lesson.steps ? say["lesson-end"] : say["lesson-next"]} →`);
    await page.keyboard.press("Enter");
  }
  await expect(page.getByText(say["lesson-finished"]).first()).toBeVisible();
});
