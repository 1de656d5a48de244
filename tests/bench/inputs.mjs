// The texts that are measured: recorded cases as a field sample, written out as files once.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const big = "tests/data/bench/pod-500-lines.yaml";
export const small = "tests/data/bench/link-pod.yaml";
const work = "target/bench/files";

function cases(name) {
  const lines = readFileSync(join("tests/conformance/verdicts", name), "utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line)).map((c) => (c.input_base64 === undefined ? Buffer.from(c.input) : Buffer.from(c.input_base64, "base64")));
}

/** All learners' cases and evenly spread ones of `containers`, 200 in all. */
export function sample() {
  const learners = cases("learners.jsonl");
  const containers = cases("containers.jsonl");
  const need = Math.max(0, 200 - learners.length);
  return [...learners, ...Array.from({ length: need }, (_, i) => containers[Math.floor((i * containers.length) / need)])];
}

/** A folder below target/ with these texts as NNNNN.yaml. */
export function folder(name, texts) {
  const path = join(work, name);
  if (existsSync(path)) rmSync(path, { recursive: true });
  mkdirSync(path, { recursive: true });
  texts.forEach((text, i) => writeFileSync(join(path, `${String(i).padStart(5, "0")}.yaml`), text));
  return path;
}
