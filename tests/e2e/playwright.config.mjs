// The built app (dist/) in Debian's Chromium. `app` are the tests, `screens` only takes pictures.
import { defineConfig } from "@playwright/test";
import { existsSync } from "node:fs";

const port = Number(process.env.PODLAB_PORT ?? 8099);
const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

export default defineConfig({
  testDir: ".",
  outputDir: "../../target/e2e",
  fullyParallel: true,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  retries: process.env.CI ? 1 : 0,
  reporter: [["list"]],
  // Under a sub-path, as a static host may serve it.
  webServer: { cwd: "../..", command: `node tests/e2e/serve.mjs ${port}`, url: `http://127.0.0.1:${port}/some/where/`, reuseExistingServer: !process.env.CI },
  use: {
    baseURL: `http://127.0.0.1:${port}/some/where/`,
    locale: "en-US",
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      executablePath: chromium,
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"],
    },
  },
  projects: [
    { name: "app", testMatch: "*.spec.mjs" },
    { name: "screens", testMatch: "screens.mjs" },
  ],
});
