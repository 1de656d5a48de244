// The terminal under a person's hands: completion, history, paste, keys, Hangul, and what follows virtual time.
import { App, expect, test, words } from "./app.mjs";

/** A page whose first Pod runs; its time stands still unless a test lets it go. */
async function ready(page) {
  const app = new App(page);
  await app.open();
  await expect(page.getByText("Running").first()).toBeVisible({ timeout: 15_000 });
  return app;
}

test("Tab completes verbs, kinds and names; Ctrl-R finds an earlier line; Ctrl-L clears", async ({ page }) => {
  const app = await ready(page);
  await app.terminalInput.click();
  await page.keyboard.type("kubectl descr");
  await page.keyboard.press("Tab");
  await expect(app.terminalInput).toHaveValue("kubectl describe ");
  await page.keyboard.type("configm");
  await page.keyboard.press("Tab");
  await expect(app.terminalInput).toHaveValue("kubectl describe configmaps ");
  await page.keyboard.type("kube-r");
  await page.keyboard.press("Tab");
  await expect(app.terminalInput).toHaveValue("kubectl describe configmaps kube-root-ca.crt ");
  await page.keyboard.press("Enter");
  await expect(app.terminalOutput).toContainText("BinaryData");
  await app.run("kubectl get nodes");
  await expect(app.terminalOutput).toContainText("node-1");
  await page.keyboard.press("Control+l");
  await expect(app.terminalOutput).not.toContainText("BinaryData");
  await page.keyboard.press("Control+r");
  await page.keyboard.type("configmaps");
  await page.keyboard.press("Enter");
  await expect(app.terminalOutput).toContainText("BinaryData");
});

test("a paste of several lines asks before it runs them", async ({ page }) => {
  const app = await ready(page);
  await app.terminalInput.click();
  const paste = () =>
    page.evaluate(() => {
      const data = new DataTransfer();
      data.setData("text/plain", "echo first-of-two\necho second-of-two\n");
      document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    });
  await paste();
  const asked = page.getByRole("alertdialog");
  await expect(asked).toContainText("second-of-two");
  await page.getByRole("button", { name: words.en["terminal-cancel"], exact: true }).click();
  await expect(asked).toBeHidden();
  await expect(app.terminalOutput).not.toContainText("first-of-two");
  await app.terminalInput.click();
  await paste();
  await page.getByRole("button", { name: words.en["terminal-paste-run"], exact: true }).click();
  await expect(app.terminalOutput).toContainText("second-of-two");
});

test("Hangul is composed: the Enter that ends a syllable runs nothing", async ({ page }) => {
  const app = await ready(page);
  await app.terminalInput.click();
  await page.keyboard.type("echo ");
  const keyboard = await page.context().newCDPSession(page);
  await keyboard.send("Input.imeSetComposition", { text: "한", selectionStart: 1, selectionEnd: 1 });
  await keyboard.send("Input.insertText", { text: "한" });
  await keyboard.send("Input.imeSetComposition", { text: "글", selectionStart: 1, selectionEnd: 1 });
  await page.evaluate(() =>
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true })),
  );
  await expect(app.terminalInput).toHaveValue("echo 한글");
  await keyboard.send("Input.insertText", { text: "글" });
  await page.keyboard.press("Enter");
  await expect(app.terminalInput).toHaveValue("");
  await expect(app.terminalOutput.getByText("한글", { exact: true }).first()).toBeVisible();
});

test("a watch follows virtual time, ends at Ctrl-C, and is not there before it was typed", async ({ page }) => {
  const app = await ready(page);
  const busy = page.getByTitle(words.en["terminal-busy"]);
  await app.run("kubectl get pods -w");
  await expect(busy).toBeVisible();
  await app.terminalInput.press("Control+c");
  await expect(busy).toBeHidden();
  await app.run("kubectl get pods -w");
  await expect(busy).toBeVisible();
  await page.getByRole("slider", { name: words.en["time-playhead"] }).focus();
  await page.keyboard.press("Home");
  await expect(busy).toBeHidden();
});

test("the phone's row of keys types and completes", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const app = new App(page);
  await page.goto("./");
  await page.locator("nav.tab-bar button", { hasText: words.en.terminal }).click();
  const keys = page.getByRole("group", { name: words.en["terminal-keys"] });
  await keys.getByRole("button", { name: "kubectl" }).click();
  await app.terminalInput.pressSequentially("descr");
  await keys.getByRole("button", { name: "Tab" }).click();
  await expect(app.terminalInput).toHaveValue("kubectl describe ");
});

test("what is longer than the pane is followed to its end, unless the learner reads back", async ({ page }) => {
  const app = await ready(page);
  const fromEnd = () => app.terminalOutput.evaluate((screen) => screen.scrollHeight - screen.scrollTop - screen.clientHeight);
  await app.run("help");
  await expect(app.terminalOutput).toContainText("kubectl controls the Kubernetes cluster manager.");
  await app.run("kubectl describe nodes");
  await expect(app.terminalOutput).toContainText("Allocated resources");
  await expect.poll(fromEnd).toBeLessThan(2);
  await app.run("kubectl logs -f visitor");
  await app.terminalOutput.hover();
  await page.mouse.wheel(0, -300);
  await expect.poll(fromEnd).toBeGreaterThan(100);
  await expect(app.terminalOutput.getByText("You've hit kubia").nth(3)).toBeAttached({ timeout: 20_000 });
  expect(await fromEnd()).toBeGreaterThan(100);
});

test("a here-document is typed line by line; vi opens a file in the editor", async ({ page }) => {
  const app = await ready(page);
  for (const line of ["cat > note.txt <<EOF", "한글 and a line", "EOF", "cat note.txt | wc -l; echo counted"]) await app.run(line);
  await expect(app.terminalOutput).toContainText("1\ncounted");
  await app.run("vi note.txt");
  await expect(app.editor).toContainText("한글 and a line");
  await expect(page.getByRole("button", { name: "note.txt", exact: true })).toHaveAttribute("aria-pressed", "true");
});

test("what kubectl edit cannot save is opened again with the reasons, and nothing of it is lost", async ({ page }) => {
  const app = await ready(page);
  const map = (key) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {"${key}": "1"}\n`;
  await app.run("kubectl create configmap c --from-literal=a=b");
  await app.run("kubectl edit configmap c");
  await expect(app.editor).toContainText("Please edit the object below");
  await app.write(map("a b"));
  await app.apply();
  await expect(app.terminalOutput).toContainText('error: configmaps "c" is invalid');
  await expect(app.editor).toContainText('configmaps "c" was not valid');
  await expect(app.editor).toContainText("a b");
  await app.write(map("ab"));
  await app.apply();
  await expect(app.terminalOutput).toContainText("configmap/c edited");
  await app.run("kubectl get configmap c -o jsonpath='{.data.ab}'");
  await expect(app.terminalOutput).toContainText("1");
});

test("a command may take several lines, at the own prompt and in a container's shell", async ({ page }) => {
  const app = await ready(page);
  const prompt = page.locator(".terminal-pane .line .prompt");
  const typed = async (prompts) => {
    for (const [before, line] of prompts) {
      await expect(prompt).toHaveText(before);
      await app.run(line);
    }
  };
  await typed([["$ ", "for i in 1 2; do"], ["> ", "echo \"own $i\""], ["> ", "done"]]);
  await expect(app.terminalOutput).toContainText("> done\nown 1\nown 2");
  await typed([["$ ", "if true"]]);
  await expect(prompt).toHaveText("> ");
  await app.terminalInput.press("Control+c");
  await typed([["$ ", "kubectl exec -it visitor -- sh"], ["/ # ", "while true"], ["> ", "do echo 'inside"], ["> ", "here'; break"], ["> ", "done"]]);
  await expect(app.terminalOutput).toContainText("> done\ninside\nhere");
  await typed([["/ # ", "cat <<EOF"], ["> ", "clear"], ["> ", "EOF"]]);
  await expect(app.terminalOutput).toContainText("> EOF\nclear");
  await expect(prompt).toHaveText("/ # ");
});

test("what is typed into a container's shell stands behind its prompt", async ({ page }) => {
  const app = await ready(page);
  await app.run("kubectl exec -it visitor -- sh");
  await expect(page.locator(".terminal-pane .line .prompt")).toHaveText("/ # ");
  await app.run("hostname");
  await expect(app.terminalOutput).toContainText("/ # hostname\nvisitor");
  await app.run("exit");
  await expect(app.terminalOutput).toContainText("/ # exit");
});

test("a program in a container's shell reads behind nothing, whatever its lines look like", async ({ page }) => {
  const app = await ready(page);
  const prompt = page.locator(".terminal-pane .line .prompt");
  const typed = page.locator(".screen .typed").last();
  await app.run("kubectl exec -it visitor -- sh");
  await expect(prompt).toHaveText("/ # ");
  await app.run("cd /etc");
  await expect(prompt).toHaveText("/etc # ");
  await app.run("cat");
  await expect(prompt).toHaveText("");
  await app.run("/etc # x");
  await expect(app.terminalOutput).toContainText("/etc # cat\n/etc # x\n/etc # x");
  await expect(typed.locator(".prompt")).toHaveCount(0);
  await app.terminalInput.press("Control+d");
  await expect(prompt).toHaveText("/etc # ");
  await expect(page.locator(".screen .typed .prompt").last()).toHaveText("/etc # ");
});

test("kubectl run -it opens a shell that hears what is typed, and goes when it ends", async ({ page }) => {
  const app = await ready(page);
  const prompt = page.locator(".terminal-pane .line .prompt");
  await app.run("kubectl run tmp -it --rm --restart=Never --image=busybox -- sh");
  await expect(prompt).toHaveText("/ # ", { timeout: 15_000 });
  await app.run("hostname");
  await expect(app.terminalOutput).toContainText("/ # hostname\ntmp");
  await app.run("exit");
  await expect(app.terminalOutput).toContainText('pod "tmp" deleted', { timeout: 15_000 });
  await expect(prompt).toHaveText("$ ");
});

test("a program that reads gets what is typed until Ctrl-D; Ctrl-C ends it", async ({ page }) => {
  const app = await ready(page);
  const prompt = page.locator(".terminal-pane .line .prompt");
  await app.run("cat");
  await expect(app.terminalOutput).toContainText(words.en["terminal-reads"]);
  // Neither a comment nor a here-document: no shell reads it.
  for (const line of ["first # line", "cat <<EOF"]) await app.run(line);
  await expect(app.terminalOutput).toContainText("first # line\nfirst # line\ncat <<EOF\ncat <<EOF");
  await app.terminalInput.press("Control+d");
  await expect(prompt).toHaveText("$ ");
  await expect(app.terminalOutput).not.toContainText(words.en["terminal-reads"]);
  await app.run("cat");
  await expect(prompt).toHaveText("");
  await app.terminalInput.press("Control+c");
  await expect(prompt).toHaveText("$ ");
  await app.run("kubectl exec -it visitor -- sh");
  await expect(prompt).toHaveText("/ # ");
  await app.terminalInput.press("Control+d");
  await expect(prompt).toHaveText("$ ");
});

for (const line of [
  "while :; do x=$x$x$RANDOM; done",
  "f() { f | f; }; f; while :; do echo; done > /dev/null",
  "seq 1000 | sed ':a;s/1/11/;ta'",
  "yes | grep -E '(y*)*(y*)*x'",
  "kubectl run busy --image=busybox -it -- sh -c 'while :; do sh -c true; done'",
]) {
  test(`the page lives on beside a script without an end, and Ctrl-C ends it: ${line}`, async ({ page }) => {
    const app = await ready(page);
    // The longest that the page let nothing else happen.
    await page.evaluate(() => {
      let last = performance.now();
      globalThis.longest = 0;
      setInterval(() => {
        const now = performance.now();
        globalThis.longest = Math.max(globalThis.longest, now - last);
        last = now;
      }, 10);
    });
    await app.run(line);
    await page.waitForTimeout(3000);
    await app.terminalInput.press("Control+c");
    await app.run("echo still-$((40+2))-here");
    await expect(app.terminalOutput).toContainText("still-42-here");
    expect(await page.evaluate(() => globalThis.longest)).toBeLessThan(4000);
  });
}
