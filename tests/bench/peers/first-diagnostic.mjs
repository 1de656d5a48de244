// yaml-language-server from process start to the first diagnostic of a file; ends then.
import { readFileSync } from "node:fs";
import { TextDocument } from "vscode-languageserver-textdocument";
import { getLanguageService } from "yaml-language-server";

const schema = JSON.parse(readFileSync(process.env.SCHEMA, "utf8"));
const service = getLanguageService({
  schemaRequestService: async () => { throw new Error("there is only one schema"); },
  workspaceContext: { resolveRelativePath: (path) => path },
});
service.configure({ validate: true, yamlVersion: "1.2", schemas: [{ uri: "mem:///pod.json", fileMatch: ["*"], schema }] });
const found = await service.doValidation(TextDocument.create("mem:///pod.yaml", "yaml", 1, readFileSync(process.argv[2], "utf8")), true);
process.stdout.write(`${JSON.stringify(found[0] ?? null)}\n`, () => process.exit(0));
