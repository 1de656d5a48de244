// What a person does with the app, in a person's words. Everything goes through roles and names, as assistive technology sees them.
import { readFileSync } from "node:fs";
import { expect, test as base } from "@playwright/test";
import { parse } from "./words.mjs";

/** UI strings by language and key, from the app's own tables. */
export const words = { en: parse("en"), ko: parse("ko") };

/** A test whose page must stay free of console errors and must not ask any other origin for anything. */
export const test = base.extend({
  page: async ({ page }, use) => {
    const wrong = [];
    page.on("console", (message) => message.type() === "error" && wrong.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => wrong.push(`page: ${error.message}`));
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.protocol.startsWith("http") && url.hostname !== "127.0.0.1") wrong.push(`request to ${url.origin}`);
    });
    await use(page);
    expect(wrong).toEqual([]);
  },
});

export { expect };

export const manifest = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

export class App {
  constructor(page, language = "en") {
    this.page = page;
    this.words = words[language];
  }

  /** Opens the page (without a first visit's running example where `blank`). */
  async open(fragment = "") {
    await this.page.goto(`./${fragment}`);
    await expect(this.editor).toBeVisible();
  }

  get editor() {
    return this.page.getByRole("textbox", { name: this.words["manifest-editor"] });
  }

  get terminalInput() {
    return this.page.getByRole("textbox", { name: this.words["terminal-input"] });
  }

  get terminalOutput() {
    return this.page.getByRole("log", { name: this.words["terminal-output"] });
  }

  /** Replaces the editor's text as a paste does. */
  async write(text) {
    await this.editor.click();
    await this.page.keyboard.press("ControlOrMeta+a");
    await this.page.keyboard.press("Delete");
    await this.page.evaluate((text) => {
      const data = new DataTransfer();
      data.setData("text/plain", text);
      document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }, text);
  }

  /** The editor's whole text, though it draws only the lines in view. */
  async text() {
    return this.page.evaluate(() => JSON.parse(JSON.stringify(document.querySelector(".cm-content").cmTile?.view?.state.doc.toString() ?? document.querySelector(".cm-content").innerText)));
  }

  async apply() {
    await this.page.getByRole("button", { name: this.words.apply, exact: false }).first().click();
  }

  async run(line) {
    await this.terminalInput.fill(line);
    await this.terminalInput.press("Enter");
  }

  button(key) {
    return this.page.getByRole("button", { name: this.words[key], exact: true });
  }
}
