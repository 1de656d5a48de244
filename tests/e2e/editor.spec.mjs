// What the editor shows of a text by itself: colours and brackets.
import { App, expect, test } from "./app.mjs";

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
  // What follows takes the colours of what stands before it now: the first line is a block scalar's.
  await page.keyboard.press("ControlOrMeta+Home");
  await page.keyboard.type("x: |\n ");
  await expect(coloured("key")).toHaveText(["x", "kind", "metadata", "name", "spec", "containers", "name", "command", "args"]);
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
