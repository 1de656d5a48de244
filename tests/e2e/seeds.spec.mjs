// The manifests that learners type: the right message at the right line, or the right rows at the right virtual times.
import { App, expect, manifest, test, words } from "./app.mjs";

const example = (name) => manifest(`src/ui/app/examples/${name}.yaml`);

/** Rows of `kubectl get pods` as text, from a fresh terminal output. */
async function podRow(app, name) {
  await app.button("terminal-clear").click();
  await app.run(`kubectl get pod ${name} --no-headers`);
  await expect(app.terminalOutput).toContainText(name);
  return (await app.terminalOutput.innerText()).split("\n").find((line) => line.startsWith(name)) ?? "";
}

async function fresh(page) {
  const app = new App(page);
  await app.open();
  return app;
}

for (const [name, line, message] of [
  ["memory", 12, 'must be less than or equal to memory limit'],
  ["colon", null, "could not find expected"],
]) {
  test(`${name}: the server's words, at the place`, async ({ page }) => {
    const app = await fresh(page);
    await app.write(example(name));
    const problems = page.getByRole("region", { name: words.en.problems });
    await expect(problems).toContainText(message);
    await expect(page.locator(".cm-lintRange-error, .cm-lintPoint-error").first()).toBeVisible();
    if (line) await expect(problems.getByRole("button", { name: new RegExp(`${line}`) }).first()).toBeVisible();
  });
}

test("echo-rp runs but is never ready and never restarted", async ({ page }) => {
  const app = await fresh(page);
  await app.write(example("echo-rp"));
  await app.apply();
  await expect.poll(() => podRow(app, "echo-rp"), { timeout: 30_000 }).toMatch(/echo-rp\s+0\/1\s+Running\s+0/);
});

test("echo-lp is restarted, and then waits in CrashLoopBackOff", async ({ page }) => {
  const app = await fresh(page);
  await app.write(example("echo-lp"));
  await app.apply();
  await page.getByRole("combobox", { name: words.en["time-speed"] }).selectOption("10");
  await expect.poll(() => podRow(app, "echo-lp"), { timeout: 40_000 }).toMatch(/echo-lp\s+0\/1\s+CrashLoopBackOff\s+[2-9]/);
});

test("the counter answers 1, 2, 3", async ({ page }) => {
  const app = await fresh(page);
  await app.write(example("counter"));
  await app.apply();
  await expect.poll(() => podRow(app, "counter"), { timeout: 30_000 }).toMatch(/counter\s+2\/2\s+Running/);
  for (const answer of ["1", "2", "3"]) {
    await app.button("terminal-clear").click();
    await app.run("kubectl exec counter -c app -- wget -qO- localhost:3000");
    await expect(app.terminalOutput).toContainText(new RegExp(`localhost:3000\\s+${answer}`));
  }
});

for (const name of ["kubia", "echo-health"]) {
  test(`${name} becomes ready`, async ({ page }) => {
    const app = await fresh(page);
    await app.write(example(name));
    await app.apply();
    const pod = /name: (\S+)/.exec(example(name))[1];
    await expect.poll(() => podRow(app, pod), { timeout: 30_000 }).toMatch(new RegExp(`${pod}\\s+1/1\\s+Running`));
  });
}
