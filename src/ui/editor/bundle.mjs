// Bundles the editor's binding into static/editor.js, and writes only what changed, so that a watching build does not run in circles.
import { build } from "esbuild";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { minify } from "terser";

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

// CodeMirror's own packages ask for its package of languages, too.
const ownLanguage = {
  name: "own-language",
  setup(bundle) {
    bundle.onResolve({ filter: /^@(codemirror\/language|lezer\/common)$/ }, () => ({ path: resolve("src/ui/editor/language.js") }));
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
  plugins: [strictStyles, ownLanguage],
});
// What esbuild makes of the same sources is known, and the second minifier (three per cent less over the wire) takes its time.
const bundled = result.outputFiles[0].text;
const [target, known] = ["static/editor.js", "target/editor/bundled.js"];
const old = existsSync(known) && existsSync(target) ? readFileSync(known, "utf8") : "";
if (old !== bundled) {
  const { code } = await minify(bundled, { module: true, ecma: 2022, compress: { passes: 2 } });
  for (const [path, text] of [[target, code], [known, bundled]]) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  console.log(`${target}: ${Math.round(code.length / 1024)} KiB`);
}
