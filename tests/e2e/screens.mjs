// Pictures of the main states × sizes × themes × languages into target/screens/. Looks, does not judge.
import { mkdirSync } from "node:fs";
import { test } from "@playwright/test";
import { parse } from "./words.mjs";

const sizes = [[1440, 900], [1024, 768], [390, 844]];
const states = {
  playground: async () => {},
  inspector: async (page) => {
    await page.evaluate(() => document.querySelector('nav.outline button')?.focus());
    await page.keyboard.press("Enter");
  },
  lesson: async (page, say) => {
    await page.getByRole("button", { name: say.lessons, exact: true }).first().click();
    await page.getByRole("button", { name: new RegExp(say["lesson-start"]) }).first().click();
    await page.waitForTimeout(800);
  },
  "crash-loop": async (page, say) => {
    await page.getByRole("button", { name: say.examples }).click();
    await page.getByRole("menuitem", { name: say["example-echo-lp"] }).click();
    await page.getByRole("button", { name: say.apply, exact: false }).first().click();
    await page.getByRole("combobox", { name: say["time-speed"] }).selectOption("10");
    await page.waitForTimeout(2200);
    await page.getByRole("button", { name: say["time-pause"] }).click();
  },
};

for (const [width, height] of sizes) {
  for (const theme of ["light", "dark"]) {
    for (const language of ["en", "ko"]) {
      for (const [state, reach] of Object.entries(states)) {
        test(`${state} ${width}x${height} ${theme} ${language}`, async ({ browser }) => {
          const context = await browser.newContext({
            viewport: { width, height },
            colorScheme: theme,
            locale: language === "ko" ? "ko-KR" : "en-US",
            baseURL: test.info().project.use.baseURL,
          });
          const page = await context.newPage();
          await page.goto("./");
          await page.waitForTimeout(5000);
          // On a phone some states need a pane that is not shown; what can be reached is pictured.
          await reach(page, parse(language)).catch((error) => console.log(`${state} at ${width}: ${error.message.split("\n")[0]}`));
          mkdirSync("target/screens", { recursive: true });
          await page.screenshot({ path: `target/screens/${state}-${width}-${theme}-${language}.png` });
          await context.close();
        });
      }
    }
  }
}
