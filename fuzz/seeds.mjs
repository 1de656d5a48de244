// Seeds for fuzzing, from what the project has: recorded manifests, transcripts, lessons. Written below target/fuzz/corpus.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const lines = (path) => readFileSync(path, "utf8").split("\n");
const listed = (folder, ending) => readdirSync(folder).filter((name) => name.endsWith(ending)).sort().map((name) => join(folder, name));

function plant(target, texts) {
  const folder = join("target/fuzz/corpus", target);
  mkdirSync(folder, { recursive: true });
  for (const text of texts) writeFileSync(join(folder, createHash("sha1").update(text).digest("hex")), text);
}

const cases = listed("tests/conformance/verdicts", ".jsonl").flatMap((path) => lines(path).filter(Boolean).map((line) => JSON.parse(line)));
const texts = cases.map((c) => (c.input_base64 === undefined ? Buffer.from(c.input) : Buffer.from(c.input_base64, "base64"))).filter((text) => text.length < 4096);
plant("verdict", texts);
plant("fix", texts);
plant("fragment", texts.filter((_, i) => i % 10 === 0));
// A link's text: a manifest, with a name, a lesson's step, a moment with inputs.
const SECTIONS = ["", "\x04liveness-probe/2", "\x057 2 60000\x060 a0\x065000 ckubectl get pods -w\x061 i", "\x051 1 9000\x07node-1 2000 4294967296 110\x0610 bdefault\x07web\x07main\x07e\x071", "\x053 2 100\x060 wnode-1\x07/etc/kubernetes/manifests/a.yaml\x07a\x065 s1\x060 qnode-2\x071\x060 ma/b\x0780\x07\x070"];
plant("link", texts.filter((text, i) => i % 10 === 0 && text.length < 400).flatMap((text, i) => [text, Buffer.concat([Buffer.from(i % 2 ? "\x02a.yaml\x03" : ""), text, Buffer.from(SECTIONS[i % SECTIONS.length])])]));

// `$ command` with its continuation lines `> …`.
const commands = [];
for (const line of listed("tests/conformance/kubectl", ".txt").flatMap(lines)) {
  if (line.startsWith("$ ")) commands.push(line.slice(2));
  else if (line.startsWith("> ") && commands.length) commands[commands.length - 1] += `\n${line.slice(2)}`;
}
plant("kubectl", commands);
const scripts = [
  "while true; do echo $((i=i+1)); sleep 1; [ $i -gt 3 ] && break; done", "trap 'echo bye; exit 3' TERM; kill $$", "for f in /etc/*; do echo ${f##*/}; done | sort | head -n 2",
  "case $1 in a|b) echo x;; *) echo y;; esac", "f() { local x=$1; echo ${x:-none}; return 2; }; f; f a; echo $?", "cat <<EOF > /tmp/a\n$(date) `id`\nEOF\ncat /tmp/a | grep -c . && wc -l < /tmp/a",
  "sed -e 's/a\\(.\\)/\\1\\1/g;2d' -n -e p", "wget -qO- localhost:80 || nc -l -p 80 & sleep 1; echo hi | nc localhost 80", "read a b; echo $b; set -- x y z; shift; echo $# $@ \"$*\"",
  "exec 3>/tmp/x; echo a >&3; until [ -s /tmp/x ]; do :; done; printf '%5s|%d\\n' a 7", "(exit 4); echo $?; ! true; echo $? ; test 1 -lt 2 -a -d / && echo yes", "echo {a,b}; echo \"${PATH%%:*}\"; unset X; ${X:?gone}",
];
plant("shell", [...scripts, ...commands.flatMap((c) => /sh -c (['"])([\s\S]*)\1/.exec(c)?.[2] ?? [])]);
const runs = ["Apa", "zp\rZx1\rzcget", "0p\rzckubectl get pods -w\rzi\rzB\rZx3\rZd web|0", "0p\rzckubectl exec -it web -- sh\rzkls /\n\rzkexit\n", "0ga/b|80\rzckubectl run a --image=a/b\rZB", "0wweb.yaml|apiVersion: v1\nkind: Pod\nmetadata: {name: s}\nspec: {containers: [{name: a, image: nginx}]}\n\rzq1\rZW/etc/kubernetes/manifests/web.yaml\rzq", "0p\rzl1\rZl\rzrweb", "0p\rzh\rZu\rzm9\rZs500"];
plant("session", [...runs, ...commands.filter((_, i) => i % 4 === 0).map((command) => `0p\rzc${command}\rzB`)]);
// Lessons as the build turned them into JSON; one seed for each step.
const builds = ["quick", "release", "debug"].map((profile) => join("target", profile, "build")).filter(existsSync).flatMap((folder) => listed(folder, ""));
const built = builds.map((folder) => join(folder, "out/lessons.json")).find(existsSync);
if (built) plant("lesson", JSON.parse(readFileSync(built, "utf8")).flatMap((lesson) => lesson.steps.map((step) => JSON.stringify({ ...lesson, steps: [step] }))));
else console.log("podlab: no built lessons are there yet; fuzzing of lessons begins from nothing");
