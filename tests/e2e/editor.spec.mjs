// What the editor shows of a text by itself: colours, folds, brackets.
import { App, expect, test, words } from "./app.mjs";

const TEXT = `apiVersion: v1
kind: Pod
metadata:
  name: a # why
spec:
  containers:
  - name: b
    command: ["sh", "-c", "echo ]"]
    args:
    - |
      one: [
      two

    - "3"
`;

test("colours tell keys, texts, comments and block scalars", async ({ page }) => {
  const app = new App(page);
  await app.open();
  await app.write(TEXT);
  const coloured = (name) => app.editor.locator(`.tok-${name}`);
  await expect(coloured("comment")).toHaveText(["# why"]);
  await expect(coloured("string")).toHaveText(['"sh"', '"-c"', '"echo ]"', "      one: [", "      two", '"3"']);
  await expect(coloured("key")).toHaveText(["apiVersion", "kind", "metadata", "name", "spec", "containers", "name", "command", "args"]);
  await expect(coloured("content")).toHaveText(["v1", "Pod", "a", "b"]);
  // What follows takes the colours of what stands before it now.
  await page.keyboard.press("ControlOrMeta+Home");
  await page.keyboard.type("x: |\n ");
  await expect(coloured("key")).toHaveText(["x", "apiVersion", "kind", "metadata", "name", "spec", "containers", "name", "command", "args"]);
});

test("lines fold by the gutter and by keys, one by one and all", async ({ page }) => {
  const app = new App(page);
  await app.open();
  await app.write(TEXT);
  const folded = app.editor.getByLabel(words.en["phrase-folded-code"]);
  // The last lines first: that all fold while they are folded once failed.
  await page.locator(".fold-open").nth(1).click();
  await expect(folded).toHaveCount(1);
  await expect(app.editor).not.toContainText("containers");
  await page.keyboard.press("ControlOrMeta+Home");
  await page.keyboard.press("Control+Alt+[");
  await expect(folded).toHaveCount(2);
  await expect(app.editor).not.toContainText("name");
  await folded.first().click();
  await expect(folded).toHaveCount(1);
  await page.keyboard.press("Control+Alt+]");
  await expect(folded).toHaveCount(0);
  await page.keyboard.press("ControlOrMeta+Home");
  for (const _ of [1, 2]) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Control+Shift+[");
  await expect(folded).toHaveCount(1);
  // What is folded comes back where the cursor goes into it.
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Backspace");
  await expect(folded).toHaveCount(0);
});

test("a bracket shows its other one, past those in strings", async ({ page }) => {
  const app = new App(page);
  await app.open();
  await app.write(TEXT);
  await page.keyboard.press("ControlOrMeta+Home");
  for (let line = 0; line < 7; line++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("End");
  const marked = app.editor.locator(".cm-matchingBracket");
  await expect(marked).toHaveText(["[", "]"]);
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Home");
  for (const _ of "command: ") await page.keyboard.press("ArrowRight");
  await expect(app.editor.locator(".cm-nonmatchingBracket")).toHaveText(["["]);
});
