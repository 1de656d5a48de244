// What a first visit weighs: every file of dist/, Brotli at its best.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const BUDGET_KIB = 600;
const PART = "Over the wire (Brotli 11)";

function files(path) {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith("."))
    .flatMap((entry) => (entry.isDirectory() ? files(join(path, entry.name)) : [join(path, entry.name)]))
    .sort();
}

export function weigh(path) {
  const plain = readFileSync(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
  return { plain: plain.length, small: brotliCompressSync(plain, { params }).length };
}

export async function size(report) {
  const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
  const row = (label, bytes) => report.row(PART, label, kib(bytes), { target: `≤ ${BUDGET_KIB} KiB (later 450)`, meets: bytes <= BUDGET_KIB * 1024 });
  // The first list in the service worker is what it keeps of a first visit; the lessons in the second are fetched by those who look at their list.
  const [, visited] = /\[("[^\]]*)\]/.exec(readFileSync("dist/sw.js", "utf8"));
  let [before, after, asked] = [0, 0, 0];
  for (const path of files("dist")) {
    const { plain, small } = weigh(path);
    const isVisited = visited.includes(path.replace(/^dist/, ".")) || /\/(index\.html|sw\.js)$/.test(path);
    // Nothing of these is waited for: tests/e2e/parts.spec.mjs holds them back.
    const isAfter = /^dist\/(descriptions|editor|later|lessons?)-/.test(path);
    if (!isVisited) asked += small;
    else if (isAfter) after += small;
    else before += small;
    report.row(PART, path.replace(/^dist\//, "").replace(/-[0-9a-f]{16}/, ""), `${kib(small)} of ${kib(plain)}`);
  }
  row("all files until the picture runs", before);
  report.row(PART, "what comes while it runs", kib(after));
  row("all files of a first visit", before + after);
  report.row(PART, "the other lessons, for who looks at their list", kib(asked));
}
