// What the engine of verdicts weighs alone, built and squeezed as the app is.
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import binaryen from "binaryen";
import { reorder } from "../../src/ui/app/order.mjs";
import { timedRun } from "./figures.mjs";
import { weigh } from "./size.mjs";

const BUDGET_KIB = 200;
const target = "target/bench/engine";

export async function engine(report) {
  const run = (command, args, options) => {
    const ended = timedRun(command, args, options);
    if (ended.status !== 0) throw new Error(`${command}: ${(ended.stderr || String(ended.error)).trim().split("\n").at(-1)}`);
  };
  console.log("  (building the engine alone, about 1 min; 3 min the first time)");
  // wasm-bindgen makes the app's names readable, by which its functions are put in order; nobody does it here, and names of the older form,
  // which an empty RUSTFLAGS asks for, sort as readable ones do.
  const env = { ...process.env, CARGO_TARGET_DIR: resolve(target), RUSTFLAGS: "" };
  run("cargo", ["build", "--quiet", "--release", "--target", "wasm32-unknown-unknown", "--manifest-path", "tests/bench/engine/Cargo.toml"], { env });
  const plain = join(target, "wasm32-unknown-unknown/release/podlab_engine.wasm");
  const squeezed = join(target, "engine.wasm");
  const params = /data-wasm-opt-params="([^"]*)"/.exec(readFileSync("index.html", "utf8"))[1].split(" ").filter((param) => param !== "-g");
  run("node_modules/.bin/wasm-opt", ["-Oz", plain, "-o", squeezed, ...params]);
  const module = binaryen.readBinary(readFileSync(squeezed));
  reorder(module);
  module.runPasses(["strip-producers", "strip-target-features"]);
  writeFileSync(squeezed, module.emitBinary());
  const { small, plain: bytes } = weigh(squeezed);
  report.row("Over the wire (Brotli 11)", "the engine of verdicts alone, with hover and completion (the schema's descriptions are a file of their own)", `${(small / 1024).toFixed(1)} KiB of ${(bytes / 1024).toFixed(1)} KiB`, { target: `≤ ${BUDGET_KIB} KiB`, meets: small <= BUDGET_KIB * 1024 });
}
