// yaml-language-server in this process, as an editor runs it. Each line of standard input names a folder, or `edited FILE`, or `text FILE`;
// each is answered with the milliseconds of every validation.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { TextDocument } from "vscode-languageserver-textdocument";
import { getLanguageService } from "yaml-language-server";

const schema = JSON.parse(readFileSync(process.env.SCHEMA, "utf8"));
const service = getLanguageService({
  schemaRequestService: async () => { throw new Error("there is only one schema"); },
  workspaceContext: { resolveRelativePath: (path) => path },
});
service.configure({ validate: true, hover: false, completion: false, format: false, yamlVersion: "1.2", schemas: [{ uri: "mem:///pod.json", fileMatch: ["*"], schema }] });

let version = 0;
/** A new document each time: as after a keystroke, no parse is used again. */
async function validate(text) {
  const start = performance.now();
  await service.doValidation(TextDocument.create("mem:///pod.yaml", "yaml", ++version, text), true);
  return performance.now() - start;
}

async function answer(line) {
  const [verb, path] = line.split(" ");
  const samples = [];
  if (verb === "folder") {
    for (const name of readdirSync(path).sort()) samples.push(await validate(readFileSync(join(path, name), "utf8")));
  } else {
    const text = readFileSync(path, "utf8");
    for (let i = 0; i < 20; i++) samples.push(await validate(verb === "edited" ? text.replace("value: info", `value: info${i}`) : text));
  }
  return { figures: [{ label: line, unit: "ms", samples }] };
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(line).catch((error) => ({ error: String(error) }))));
}
