// Each lesson from start to end as "show me" plays it, by turns in one language and the other, three in both; once with nothing but the keyboard.
import { readFileSync } from "node:fs";
import { expect, test, words } from "./app.mjs";

const text = (path) => readFileSync(new URL(`../../lessons/${path}`, import.meta.url), "utf8");
const ids = [...text("chapters.yaml").matchAll(/lessons: \[(.*)\]/g)].flatMap(([, list]) => list.split(/,\s*/));
const lessons = ids.map((id, index) => {
  const title = (language) => /^# (.*)$/m.exec(text(`${id}/${language}.md`))[1];
  const inBoth = ["shared-localhost", "liveness-probe", "static-pods"].includes(id);
  const steps = text(`${id}/en.md`).match(/^## /gm).length;
  return { id, steps, title: { en: title("en"), ko: title("ko") }, languages: inBoth ? ["en", "ko"] : [index % 2 ? "en" : "ko"] };
});

for (const { id, steps, title, languages } of lessons) {
  for (const language of languages) {
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
        await page.getByRole("combobox", { name: say["time-speed"] }).selectOption("60");
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

test("the list goes on with the lesson behind the one that was finished", async ({ page }) => {
  const say = words.en;
  const [first, second] = lessons;
  const done = Array.from({ length: first.steps }, (_, step) => step);
  const progress = JSON.stringify({ lessons: { [first.id]: { step: first.steps - 1, done, finished: true } } });
  await page.goto("./");
  await page.getByRole("button", { name: say.lessons, exact: true }).click();
  await page.locator(".lesson-body input[type=file]").setInputFiles({ name: "progress.json", mimeType: "application/json", buffer: Buffer.from(progress) });
  await expect(page.locator(".lesson-card.next")).toContainText(second.title.en);
});

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
  await expect(page.getByText("Your answer: Two, one for each container")).toBeVisible();
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
