// Podlab and its peers turn by turn on the same inputs, so that a noisy machine is noisy for both.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { Asked, podlab, short, spread, stats, timedRun } from "./figures.mjs";
import { big, folder, sample, small } from "./inputs.mjs";
import { home, kubeconform, schema } from "./peers/install.mjs";

const environment = { ...process.env, SCHEMA: resolve(schema) };

/** A peer's script runs where its packages are. */
function script(name) {
  mkdirSync(home, { recursive: true });
  cpSync(join("tests/bench/peers", name), join(home, name));
  return join(home, name);
}

const times = (x, digits = 3) => `${short(Number(x.toPrecision(digits)))}×`;

const PASSES = 4;

/** Warm verdicts in process: the field sample, the 500-line text, the same with one value edited. */
export async function verdicts(report, there) {
  const part = "Verdicts, warm, native";
  const files = resolve(folder("sample", sample()));
  const measures = [
    ["200 field files, each", `verdict ${files}`, `folder ${files}`, 6],
    ["500 lines", `verdict ${Array(20).fill(resolve(big)).join(" ")}`, `text ${resolve(big)}`, 4],
    ["200 field files, each, with hints and fixes", `check ${files}`, undefined, 6],
    ["500 lines, with hints and fixes", `check ${Array(20).fill(resolve(big)).join(" ")}`, undefined, 4],
    ["500 lines, one value edited each time", "edited", `edited ${resolve(big)}`, 3],
  ];
  const ours = new Asked(podlab, ["bench", "--ask"]);
  const theirs = there.npm && there.schema ? new Asked("node", [script("language-server.mjs")], { env: environment }) : undefined;
  const samplesOf = (answer) => answer.figures[0].samples;
  for (const [label, our, their, rounds] of measures) {
    const [a, b] = [[], []];
    // A turn's first pass brings back to the processor's caches what the other side has driven out.
    const turn = async (asked, line, into, keep) => {
      for (let pass = 0; pass < PASSES; pass++) {
        const samples = samplesOf(await asked.ask(line));
        if (keep && pass > 0) into.push(...samples);
      }
    };
    for (let round = -1; round < rounds; round++) {
      await turn(ours, our, a, round >= 0);
      if (theirs && their) await turn(theirs, their, b, round >= 0);
    }
    const ratio = stats(b).median / stats(a).median;
    const against = theirs && their
      ? { target: "≥ 20× yaml-language-server", meets: ratio >= 20, peer: `yaml-language-server ${spread(b, "ms")}`, ratio: `${times(ratio)} (floors ${times(stats(b).min / stats(a).min)})` }
      : {};
    report.row(part, label, spread(a, "ms"), against);
  }
  ours.end();
  theirs?.end();
}

/** Whole processes: start to first verdict, thousands of files. */
export async function processes(report, there) {
  const part = "podlab check as a process";
  const files = folder("sample", sample());
  const thousands = folder("sample-x10", Array.from({ length: 10 }, sample).flat());
  const run = (name, args) => () => {
    const ended = timedRun(name, args, { env: environment });
    // 1: something is refused, as it must be.
    if (ended.status !== 0 && ended.status !== 1) throw new Error(`${name}: ${ended.stderr || ended.error}`);
    return ended.ms;
  };
  const conform = (n, path) => run(kubeconform, ["-strict", "-output", "json", "-n", String(n), "-schema-location", join(home, "pod-v1.json"), path]);
  const turns = (rounds, programs) => {
    const seen = programs.map(() => []);
    for (let round = -1; round < rounds; round++) programs.forEach((program, i) => round < 0 ? program() : seen[i].push(program()));
    return seen;
  };
  const first = [run(podlab, ["check", small])];
  const names = [];
  if (there.kubeconform && there.schema) first.push(conform(1, small)), names.push("kubeconform");
  if (there.npm && there.schema) first.push(run("node", [script("first-diagnostic.mjs"), small])), names.push("yaml-language-server");
  const [our, ...others] = turns(15, first);
  report.row(part, "process start to first verdict", spread(our, "ms"), {
    target: "< 10 ms", meets: stats(our).median < 10,
    peer: others.map((samples, i) => `${names[i]} ${spread(samples, "ms")}`).join("; "),
    ratio: others.map((samples) => times(stats(samples).median / stats(our).median)).join(", "),
  });
  const bigs = folder("big-x200", Array(200).fill(readFileSync(big)));
  // The peer prints JSON in all of them: once against ours, once against the report with excerpts that people read.
  for (const [label, path, count, target, flags] of [
    ["200 field files", files, 200, 0, []],
    ["2,000 field files", thousands, 2000, 5, []],
    ["2,000 field files, JSON with objects, fixes and explanations", thousands, 2000, 0, ["--json"]],
    ["500 lines × 200 files", bigs, 200, 0, []],
  ]) {
    const programs = [run(podlab, ["check", ...flags, path])];
    const ways = there.kubeconform && there.schema ? [1, 2, 4] : [];
    ways.forEach((n) => programs.push(conform(n, path)));
    const [our, ...others] = turns(8, programs);
    const rate = (samples) => (count * 1000) / stats(samples).median;
    const best = Math.max(...others.map(rate));
    report.row(part, `${label}: files a second`, short(rate(our)), {
      target: target ? `≥ ${target}× kubeconform` : "", meets: target && others.length ? rate(our) >= target * best : undefined,
      peer: others.map((samples, i) => `kubeconform -n ${ways[i]}: ${short(rate(samples))}`).join("; "),
      ratio: others.length ? `${times(rate(our) / best)} the best` : "",
    });
  }
}

/** The same probes on both simulations. */
export async function probes(report, there) {
  const part = "Probes: 100 Pods, liveness and readiness every 10 s";
  const seconds = 600;
  const ours = new Asked(podlab, ["bench", "--ask"]);
  const bundle = join(home, "webernetes.run.mjs");
  if (there.npm) {
    script("webernetes.mjs");
    // Its modules import without file endings, which Node alone does not load.
    const made = spawnSync(resolve(home, "node_modules/.bin/esbuild"), ["webernetes.mjs", "--bundle", "--format=esm", "--platform=browser", "--log-level=error", "--outfile=webernetes.run.mjs"], { cwd: home, encoding: "utf8" });
    if (made.status !== 0) throw new Error(`webernetes cannot be bundled: ${made.stderr}`);
  }
  const [a, b] = [[], []];
  let counted = 0;
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 5; i++) {
      const figures = new Map((await ours.ask(`probes 100 ${seconds}`)).figures.map((f) => [f.label, f.samples[0]]));
      a.push(figures.get("virtual seconds a second"));
      counted = figures.get("probes");
    }
    if (!there.npm) continue;
    const ended = timedRun("node", [bundle, "100", String(seconds)]);
    if (ended.status !== 0) throw new Error(`webernetes: ${ended.stderr}`);
    const seen = JSON.parse(ended.stdout);
    if (seen.probes !== seen.due) throw new Error(`webernetes made ${seen.probes} of ${seen.due} probes`);
    b.push((seconds * 1000) / seen.ms);
  }
  ours.end();
  const ratio = stats(a).median / stats(b).median;
  report.row(part, `virtual seconds a second, ten minutes (${short(counted)} probes)`, spread(a, ""), there.npm
    ? { target: "≥ 200× webernetes", meets: ratio >= 200, peer: `webernetes ${spread(b, "")}`, ratio: `${times(ratio)} (least of ours to best of theirs ${times(stats(a).min / stats(b).max)})` }
    : {});
}

/** Short manifests that nobody here wrote: kubeconform's own test data, where its sources are. */
function fixtures() {
  const cache = spawnSync("go", ["env", "GOMODCACHE"], { encoding: "utf8" }).stdout?.trim();
  const path = join(cache ?? "", "github.com/yannh/kubeconform@v0.8.0/fixtures");
  if (!cache || !existsSync(path)) return [];
  const texts = readdirSync(path).filter((name) => name.endsWith(".yaml")).sort().map((name) => readFileSync(join(path, name)));
  return texts.filter((text) => text.length > 100 && text.length < 4096 && !text.includes(0));
}

/** Characters of a link. Nothing here is noisy but the milliseconds. */
export async function links(report, there) {
  const part = "Share links";
  const ours = new Asked(podlab, ["bench", "--ask"]);
  const inputs = [["the 715-byte Pod (its like is in the dictionary)", small, 200], ["200 field files (their like is in the dictionary)", folder("sample", sample()), 0]];
  const strangers = fixtures();
  if (strangers.length) inputs.push([`${strangers.length} manifests of other origin (kubeconform's fixtures)`, folder("strangers", strangers), 0]);
  for (const [label, path, target] of inputs) {
    const figures = new Map((await ours.ask(`link ${path}`)).figures.map((f) => [f.label, f]));
    const characters = figures.get("characters").samples;
    const peers = there.npm ? JSON.parse(timedRun("node", [script("links.mjs"), path]).stdout) : {};
    const total = (samples) => stats(samples).sum;
    const said = (samples) => (samples.length === 1 ? `${samples[0]}` : `median ${stats(samples).median}, total ${short(total(samples))}`);
    report.row(part, `${label}: characters`, said(characters), {
      target: target ? `≤ ${target} (later 160)` : "", meets: target ? characters[0] <= target : undefined,
      peer: Object.entries(peers).map(([name, samples]) => `${name} ${said(samples)}`).join("; "),
      ratio: Object.values(peers).map((samples) => times(total(samples) / total(characters))).join(", "),
    });
    report.row(part, `${label}: making, reading`, `${spread(figures.get("making").samples, "ms")}; ${spread(figures.get("reading").samples, "ms")}`);
  }
  ours.end();
}
