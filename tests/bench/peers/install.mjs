// Puts the peers below target/bench/peers. What cannot be had is said in a plain sentence, and its figures are left out.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const home = "target/bench/peers";
export const schema = join(home, "pod-v1.json");
export const kubeconform = join(home, "bin/kubeconform");
const here = "tests/bench/peers";
const KUBECONFORM = "github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0";

/** Which peers are there: `{ npm, schema, kubeconform }`. With `get`, what is missing is installed first. */
export function peers(get) {
  mkdirSync(join(home, "bin"), { recursive: true });
  const step = (ready, minutes, what, make) => {
    if (ready() || !get) return ready();
    console.log(`podlab: getting ${what} into ${home}/ (about ${minutes} min)`);
    const wrong = make();
    if (wrong || !ready()) console.log(`podlab: ${what} could not be had${wrong ? `: ${wrong}` : ""}; its figures are left out`);
    return ready();
  };
  const pinned = readFileSync(join(here, "package.json"), "utf8");
  const npm = step(
    () => existsSync(join(home, "package.json")) && readFileSync(join(home, "package.json"), "utf8") === pinned && existsSync(join(home, "node_modules/yaml-language-server")),
    1,
    "yaml-language-server, webernetes, pako and lz-string",
    () => {
      copyFileSync(join(here, "package.json"), join(home, "package.json"));
      return run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: home });
    },
  );
  const made = step(() => existsSync(schema), 2, "the JSON Schema of a Pod", () => {
    const printed = spawnSync("cargo", ["run", "--quiet", "--manifest-path", join(here, "schema/Cargo.toml")], {
      encoding: "utf8", maxBuffer: 1 << 28, env: { ...process.env, CARGO_TARGET_DIR: resolve(home, "schema") },
    });
    if (printed.status !== 0) return (printed.stderr || String(printed.error)).trim().split("\n").at(-1);
    writeFileSync(schema, JSON.stringify(strict(JSON.parse(printed.stdout))));
  });
  const conform = step(() => existsSync(kubeconform), 1, "kubeconform", () => run("go", ["install", KUBECONFORM], { env: { ...process.env, GOBIN: resolve(home, "bin") } }));
  return { npm, schema: made, kubeconform: conform };
}

function run(command, args, options) {
  const ended = spawnSync(command, args, { encoding: "utf8", ...options });
  if (ended.error?.code === "ENOENT") return `there is no ${command} here`;
  return ended.status === 0 ? undefined : (ended.stderr ?? "").trim().split("\n").at(-1) || `${command} ended with ${ended.status}`;
}

/** As people use it: no field that is not listed, and this kind only. */
function strict(root) {
  const close = (node) => {
    if (!node || typeof node !== "object") return;
    if (!Array.isArray(node) && node.properties && node.additionalProperties === undefined) node.additionalProperties = false;
    Object.values(node).forEach(close);
  };
  close(root);
  root.properties.kind.enum = ["Pod"];
  root.properties.apiVersion.enum = ["v1"];
  return root;
}
