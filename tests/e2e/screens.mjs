// Pictures of the main states × sizes × themes × languages into target/screens/. Looks, does not judge; a state that cannot be reached fails.
import { mkdirSync } from "node:fs";
import { test } from "@playwright/test";
import { parse } from "./words.mjs";

const sizes = [[1440, 900], [1024, 768], [390, 844]];
const broken = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: kubia\nspec:\n  containers:\n  - name: kubia\n    image: luksa/kubia\n    ports:\n    - containerPort: \"8080\"\n    resources:\n      limits:\n        memory: 16\n    livenessprobe:\n      httpGet:\n        path: /\n";

/// What a picture shows: how it is reached, and the pane that a phone then shows.
const states = {
  playground: { pane: "picture", reach: async () => {} },
  details: {
    pane: "picture",
    reach: async (page) => {
      await page.getByRole("button", { name: /^container kubia\b|^컨테이너 kubia/i }).first().focus();
      await page.keyboard.press("Enter");
    },
  },
  verdict: {
    pane: "manifest",
    reach: async (page) => {
      await page.locator(".cm-content").click();
      await page.keyboard.press("Control+a");
      await page.keyboard.insertText(broken);
      await page.waitForTimeout(500);
      await page.mouse.move(700, 5);
    },
  },
  draft: {
    pane: "picture",
    reach: async (page, say, phone, show) => {
      await page.getByRole("button", { name: say.examples }).click();
      await page.getByRole("menuitem", { name: say["example-deployment"] }).click();
      if (phone) await show(say.picture);
      await page.waitForTimeout(400);
    },
  },
  "static-pods": {
    pane: "terminal",
    reach: async (page, say, phone, show) => {
      const line = page.locator(".terminal-pane input").first();
      for (const name of ["web", "registry-proxy"]) {
        await line.focus();
        await page.keyboard.insertText(`ssh node-1 "echo '{apiVersion: v1, kind: Pod, metadata: {name: ${name}}, spec: {containers: [{name: app, image: nginx}]}}' > /etc/kubernetes/manifests/${name}.yaml"`);
        await page.keyboard.press("Enter");
      }
      if (phone) await show(say.picture);
      await page.waitForTimeout(1200);
    },
  },
  embed: { pane: "picture", address: "./?embed=1", reach: async () => {} },
  lesson: {
    pane: "lesson",
    reach: async (page, say, phone) => {
      if (!phone) await page.getByRole("button", { name: say.lessons, exact: true }).first().click();
      await page.locator(".lesson-pane li button, .lesson-pane .course button").first().click();
      await page.waitForTimeout(800);
    },
  },
  "crash-loop": {
    pane: "picture",
    reach: async (page, say, phone, show) => {
      await page.getByRole("button", { name: say.examples }).click();
      await page.getByRole("menuitem", { name: say["example-echo-lp"] }).click();
      if (phone) await show(say.manifest);
      await page.locator("button.apply").click();
      if (phone) await show(say.picture);
      await page.getByRole("combobox", { name: say["time-speed"] }).selectOption("10");
      await page.getByText("CrashLoopBackOff").first().waitFor({ state: "attached" });
      await page.waitForTimeout(250);
      await page.getByRole("button", { name: say["time-pause"], exact: true }).click();
    },
  },
  terminal: {
    pane: "terminal",
    reach: async (page, say, phone, show) => {
      if (phone) await show(say.terminal);
      const line = page.locator(".terminal-pane textarea, .terminal-pane input").first();
      for (const typed of ["kubectl get pods -o wide", "kubectl describe pod kubia | tail -n 8", "kubectl get nodes"]) {
        await line.focus();
        await page.keyboard.insertText(typed);
        await page.keyboard.press("Enter");
        await page.waitForTimeout(150);
      }
    },
  },
};

for (const [width, height] of sizes) {
  for (const theme of ["light", "dark"]) {
    for (const language of ["en", "ko"]) {
      for (const [state, { pane, address, reach }] of Object.entries(states)) {
        test(`${state} ${width}x${height} ${theme} ${language}`, async ({ browser }) => {
          const context = await browser.newContext({
            viewport: { width, height },
            colorScheme: theme,
            locale: language === "ko" ? "ko-KR" : "en-US",
            baseURL: test.info().project.use.baseURL,
          });
          const page = await context.newPage();
          page.setDefaultTimeout(15_000);
          await page.goto(address ?? "./");
          await page.waitForTimeout(4500);
          const say = parse(language);
          const phone = width < 600;
          const show = (word) => page.locator("nav.tab-bar button", { hasText: word }).click();
          if (phone) await show(say[pane]);
          await reach(page, say, phone, show);
          await page.waitForTimeout(400);
          mkdirSync("target/screens", { recursive: true });
          await page.screenshot({ path: `target/screens/${state}-${width}-${theme}-${language}.png` });
          await context.close();
        });
      }
    }
  }
}
