// What every measurement shares: statistics, programs that answer line by line, the report.
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";

export function stats(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
  return { n: sorted.length, min: sorted[0], median: at(0.5), p95: at(0.95), max: sorted.at(-1), sum: sorted.reduce((a, b) => a + b, 0) };
}

/** Three significant figures, no exponent. */
export const short = (x) => (Math.abs(x) >= 100 ? Math.round(x).toLocaleString("en") : Number(x.toPrecision(3)).toString());

/** `median 1.2 ms (min 1, p95 2, max 3; 200 times)`; one sample stands alone. */
export function spread(samples, unit) {
  const s = stats(samples);
  const u = unit ? ` ${unit}` : "";
  if (s.n === 1) return `${short(s.median)}${u}`;
  return `median ${short(s.median)}${u} (min ${short(s.min)}, p95 ${short(s.p95)}, max ${short(s.max)}; ${s.n} times)`;
}

/** A program that answers each line of its standard input with one line of JSON. */
export class Asked {
  constructor(command, args, options = {}) {
    this.name = [command, ...args].join(" ");
    this.child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], ...options });
    this.child.on("error", (error) => this.fail(error));
    this.child.on("exit", (code) => this.fail(new Error(`${this.name} ended with ${code}`)));
    this.waiting = [];
    createInterface({ input: this.child.stdout }).on("line", (line) => this.waiting.shift()?.resolve(JSON.parse(line)));
  }

  fail(error) {
    for (const waiting of this.waiting.splice(0)) waiting.reject(error);
  }

  async ask(line) {
    const answer = await new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin.write(`${line}\n`);
    });
    if (answer.error) throw new Error(`${line}: ${answer.error}`);
    return answer;
  }

  end() {
    this.child.stdin.end();
  }
}

/** Runs a program to its end; milliseconds from start to exit, and what it printed. */
export function timedRun(command, args, options = {}) {
  const start = performance.now();
  const ended = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28, ...options });
  return { ms: performance.now() - start, ...ended };
}

export const podlab = process.env.PODLAB ?? "target/podlab";

/** The figures of one `podlab bench NAME`, by label. */
export function native(...words) {
  const ended = timedRun(podlab, ["bench", "--json", ...words]);
  if (ended.status !== 0) throw new Error(ended.stderr || `podlab bench ${words.join(" ")} ended with ${ended.status}`);
  return new Map(JSON.parse(ended.stdout).map((figure) => [figure.label, figure]));
}

/** Gathers rows: what was measured, what was seen, what it must reach, what a peer reached in the same run. */
export class Report {
  rows = [];
  notes = [];

  /** `meets` is true, false, or undefined where nothing must be reached. */
  row(part, measure, seen, { target = "", meets, peer = "", ratio = "" } = {}) {
    this.rows.push({ part, measure, seen, target, meets, peer, ratio });
    const verdict = meets === undefined ? "" : meets ? "  ok" : "  MISSED";
    const against = [target && `must be ${target}`, peer && `peer: ${peer}`, ratio && `ratio ${ratio}`].filter(Boolean).join("; ");
    console.log(`  ${measure}: ${seen}${against ? `  [${against}]` : ""}${verdict}`);
  }

  note(text) {
    this.notes.push(text);
    console.log(`  ${text}`);
  }

  markdown(machine) {
    const cell = (text) => String(text).replaceAll("|", "\\|");
    const lines = ["# Measured", "", machine, "", "| measure | seen | must be | | peer, same run | ratio |", "| --- | --- | --- | --- | --- | --- |"];
    let part = "";
    for (const row of this.rows) {
      if (row.part !== part) lines.push(`| **${row.part}** | | | | | |`);
      part = row.part;
      const verdict = row.meets === undefined ? "" : row.meets ? "ok" : "**missed**";
      lines.push(`| ${[row.measure, row.seen, row.target, verdict, row.peer, row.ratio].map(cell).join(" | ")} |`);
    }
    if (this.notes.length) lines.push("", ...this.notes.map((note) => `- ${note}`));
    return `${lines.join("\n")}\n`;
  }
}
