// What axe finds in each main state, in both themes, on a desk and on a phone: nothing.
import AxeBuilder from "@axe-core/playwright";
import { App, expect, test, words } from "./app.mjs";

const say = words.en;
const BROKEN = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: broken\nspec:\n  containers:\n    - name: app\n      imaage: nginx\n";

const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
const lesson = async (page) => {
  await press(page, say.lessons);
  await page.getByRole("button", { name: /Liveness probe/ }).click();
  await expect(page.getByRole("heading", { name: say["lesson-predict"] })).toBeVisible();
};
/** Opens the details of a shape by its name in the outline, as a keyboard does. */
const details = async (page, name) => {
  await page.getByRole("navigation", { name: say["pic-outline"] }).getByRole("button", { name }).first().focus();
  await page.keyboard.press("Enter");
};

const desk = {
  playground: async () => {},
  problems: async (page, app) => {
    await app.write(BROKEN);
    await expect(page.getByRole("region", { name: say.problems })).toContainText("imaage");
  },
  completion: async (page, app) => {
    await app.write("apiVersion: v1\nkind: Pod\nspec:\n  ");
    await page.keyboard.press("Control+Space");
    await expect(page.locator(".cm-tooltip-autocomplete")).toBeVisible();
  },
  search: async (page, app) => {
    await app.editor.click();
    await page.keyboard.press("ControlOrMeta+f");
    await expect(page.locator(".cm-search")).toBeVisible();
  },
  "menu of examples": async (page) => {
    await page.getByRole("button", { name: say.examples }).click();
    await expect(page.getByRole("menu")).toBeVisible();
  },
  "menu of files": async (page) => {
    await page.getByRole("button", { name: say.file, exact: false }).first().click();
    await expect(page.getByRole("menu")).toBeVisible();
  },
  "details of a Pod": async (page) => details(page, /echo-health/),
  "details of a container": async (page) => details(page, /^container /i),
  "details of a node": async (page) => details(page, /^node /i),
  "crash loop": async (page, app) => {
    await page.getByRole("button", { name: say.examples }).click();
    await page.getByRole("menuitem", { name: say["example-echo-lp"] }).click();
    await app.apply();
    await page.getByRole("combobox", { name: say["time-speed"] }).selectOption("30");
    await expect(page.getByText("CrashLoopBackOff").first()).toBeAttached({ timeout: 30_000 });
    await press(page, say["time-pause"]);
  },
  "the past": async (page) => {
    await press(page, say["time-pause"]);
    await page.getByRole("slider", { name: say["time-playhead"] }).press("PageDown");
  },
  terminal: async (page, app) => {
    await app.run("kubectl get pods -A; kubectl get nothing; kubectl describe pod echo-health");
    await expect(app.terminalOutput).toContainText("the server doesn't have a resource type");
  },
  "many lines pasted": async (page, app) => {
    await app.terminalInput.click();
    await page.evaluate(() => {
      const data = new DataTransfer();
      data.setData("text/plain", "kubectl get pods\nkubectl get nodes\n");
      document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    });
    await expect(page.getByRole("alertdialog")).toBeVisible();
  },
  "a notice": async (page, app) => {
    await app.open("#9.abc");
    await expect(page.getByRole("status").filter({ hasText: "newer Podlab" })).toBeVisible();
  },
  lessons: async (page) => press(page, say.lessons),
  "a step": lesson,
  "a step with a hint and an answer": async (page) => {
    await lesson(page);
    await press(page, say["lesson-hint"]);
    await page.getByRole("textbox", { name: say["lesson-your-answer"] }).fill("3");
    await press(page, say["lesson-answer"]);
    await expect(page.getByText(/Your answer: 3/)).toBeVisible();
  },
  "a step that is done": async (page) => {
    await lesson(page);
    await press(page, say["lesson-show-me"]);
    await expect(page.getByRole("heading", { name: say["lesson-why"] })).toBeVisible({ timeout: 60_000 });
    await expect(page.getByRole("figure")).toBeVisible();
  },
};

const shows = (word) => (page) => page.getByRole("navigation", { name: say.more }).getByRole("button", { name: say[word] }).click();
const phone = {
  picture: shows("picture"),
  "details of a Pod": async (page) => details(page, /echo-health/),
  manifest: shows("manifest"),
  problems: async (page, app) => {
    await shows("manifest")(page);
    await app.write(BROKEN);
    await expect(page.getByRole("region", { name: say.problems })).toContainText("imaage");
  },
  timeline: shows("timeline"),
  terminal: async (page, app) => {
    await shows("terminal")(page);
    await app.run("kubectl get pods -o wide");
    await expect(app.terminalOutput).toContainText("echo-health");
  },
  lessons: shows("lesson"),
  "a step": async (page) => {
    await shows("lesson")(page);
    await page.getByRole("button", { name: /Liveness probe/ }).click();
    await expect(page.getByRole("heading", { name: say["lesson-predict"] })).toBeVisible();
  },
};

for (const [where, viewport, states] of [["desk", { width: 1440, height: 900 }, desk], ["phone", { width: 390, height: 844 }, phone]]) {
  for (const colorScheme of ["light", "dark"]) {
    for (const [state, reach] of Object.entries(states)) {
      test(`${state}, ${where}, ${colorScheme}`, async ({ page }) => {
        test.setTimeout(120_000);
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        const app = new App(page);
        await page.goto("./");
        await expect(page.getByRole("navigation", { name: say["pic-outline"] }).getByText(/echo-health/).first()).toBeAttached({ timeout: 15_000 });
        await reach(page, app);
        const axe = new AxeBuilder({ page });
        // The focus stays in the editor, whose arrow keys walk (and scroll) the list through aria-activedescendant; axe grants that to a combobox alone.
        if (state === "completion") axe.disableRules(["scrollable-region-focusable"]);
        const found = await axe.analyze();
        expect(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target.join(" ")} (${n.failureSummary?.split("\n")[1]?.trim()})`).join("; ")}`)).toEqual([]);
      });
    }
  }
}

test("axe finds nothing in an embedded page, nor in a Korean one", async ({ browser }) => {
  const context = await browser.newContext({ locale: "ko-KR", baseURL: test.info().project.use.baseURL, reducedMotion: "reduce" });
  for (const address of ["./", "./?embed=1"]) {
    const page = await context.newPage();
    await page.goto(address);
    await expect(page.getByText("Running").first()).toBeVisible({ timeout: 15_000 });
    const found = await new AxeBuilder({ page }).analyze();
    expect(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`), address).toEqual([]);
  }
  await context.close();
});
