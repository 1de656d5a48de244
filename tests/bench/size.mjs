// What a first visit weighs: every file of dist/, Brotli at its best.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const BUDGET_KIB = 600;

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
  let [total, later] = [0, 0];
  for (const path of files("dist")) {
    const { plain, small } = weigh(path);
    // Fetched when the picture runs and the page has time.
    if (/^dist\/(descriptions|lessons)-/.test(path)) later += small;
    else total += small;
    report.row("Over the wire (Brotli 11)", path.replace(/^dist\//, "").replace(/-[0-9a-f]{16}/, ""), `${kib(small)} of ${kib(plain)}`);
  }
  report.row("Over the wire (Brotli 11)", "fetched afterwards, in idle time", kib(later));
  report.row("Over the wire (Brotli 11)", "all files until the picture runs", kib(total), { target: `≤ ${BUDGET_KIB} KiB (later 450)`, meets: total <= BUDGET_KIB * 1024 });
}
