// Reads the app's tables of UI strings (flat YAML mappings).
import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("../../src/ui/locales/", import.meta.url);

export function parse(language) {
  const words = {};
  for (const name of readdirSync(folder).filter((name) => name.endsWith(`.${language}.yaml`))) {
    for (const line of readFileSync(new URL(name, folder), "utf8").split("\n")) {
      const found = /^([a-z0-9-]+):\s*(.*)$/.exec(line);
      if (found) words[found[1]] = /^["']/.test(found[2]) ? unquote(found[2]) : found[2];
    }
  }
  return words;
}

function unquote(text) {
  return text.startsWith('"') ? JSON.parse(text) : text.slice(1, -1).replaceAll("''", "'");
}
