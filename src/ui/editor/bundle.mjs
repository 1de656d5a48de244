// Bundles the editor's binding into static/editor.js, and writes only what changed, so that a watching build does not run in circles.
import { build } from "esbuild";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

// The library that CodeMirror injects its styles with writes a <style> element into a document, which a strict content security policy forbids.
// It already knows constructable style sheets for shadow roots; this lets it use them everywhere.
const strictStyles = {
  name: "strict-styles",
  setup(bundle) {
    bundle.onLoad({ filter: /style-mod\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const asked = "if (!root.head && root.adoptedStyleSheets";
      if (!source.includes(asked)) throw new Error(`${path} no longer reads as expected: look at how it mounts its styles`);
      return { contents: source.replace(asked, "if (root.adoptedStyleSheets"), loader: "js" };
    });
  },
};

const result = await build({
  entryPoints: ["src/ui/editor/editor.js"],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "none",
  write: false,
  plugins: [strictStyles],
});
const made = result.outputFiles[0].text;
const target = "static/editor.js";
let old = "";
try {
  old = readFileSync(target, "utf8");
} catch {
  mkdirSync("static", { recursive: true });
}
if (old !== made) {
  writeFileSync(target, made);
  console.log(`${target}: ${Math.round(made.length / 1024)} KiB`);
}
