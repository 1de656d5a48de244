// `make bench`: measures Podlab beside its peers in one run, prints a table, writes target/bench/report.md.
//   node tests/bench/run.mjs [PART…]   PEERS=0 leaves the peers out, PEERS=1 insists on them; otherwise they are had where they can be
import { mkdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import { browser } from "./browser.mjs";
import { engine } from "./engine.mjs";
import { cluster, hostile } from "./native.mjs";
import { Report, stats } from "./figures.mjs";
import { peers } from "./peers/install.mjs";
import { size } from "./size.mjs";
import { links, probes, processes, verdicts } from "./turns.mjs";

const parts = { size, engine, browser, verdicts, processes, probes, cluster, links, hostile };
const wanted = process.argv.slice(2).length ? process.argv.slice(2) : Object.keys(parts);
const unknown = wanted.filter((name) => !parts[name]);
if (unknown.length) {
  console.error(`podlab: there is no part ${unknown.join(", ")}; there are ${Object.keys(parts).join(", ")}`);
  process.exit(2);
}

/** The same fixed work again and again: how steady the machine is just now. */
function steadiness() {
  const samples = Array.from({ length: 200 }, () => {
    const start = performance.now();
    let x = 1;
    for (let i = 0; i < 2e6; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
    return performance.now() - start + (x === 0 ? 1 : 0);
  });
  const { min, median, max } = stats(samples.slice(20));
  return `a fixed loop took ${min.toFixed(2)} / ${median.toFixed(2)} / ${max.toFixed(2)} ms (min / median / max), load ${os.loadavg()[0].toFixed(1)}`;
}

const needPeers = wanted.some((name) => ["verdicts", "processes", "probes", "links"].includes(name));
const there = needPeers ? peers(process.env.PEERS !== "0") : {};
if (process.env.PEERS === "1" && Object.values(there).includes(false)) {
  console.error("podlab: PEERS=1, but not all peers are there");
  process.exit(1);
}
const report = new Report();
const machine = `${new Date().toISOString().slice(0, 10)}; ${os.cpus().length} cores (${os.cpus()[0]?.model ?? "unknown"}), ${os.type()}, Node ${process.versions.node}. Before: ${steadiness()}`;
let failed = false;
for (const name of wanted) {
  console.log(`\n${name}`);
  const start = performance.now();
  try {
    await parts[name](report, there);
  } catch (error) {
    failed = true;
    report.note(`${name} could not be measured whole: ${error.message.trim().split("\n")[0]}`);
  }
  console.log(`  (${((performance.now() - start) / 1000).toFixed(0)} s)`);
}
const text = report.markdown(`${machine}; after: ${steadiness()}.`);
mkdirSync("target/bench", { recursive: true });
writeFileSync("target/bench/report.md", text);
console.log(`\n${text}\npodlab: the same table is in target/bench/report.md`);
process.exit(failed ? 1 : 0);
