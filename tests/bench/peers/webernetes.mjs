// webernetes: PODS Pods, each with a liveness and a readiness probe every 10 s, played on by SECONDS of its clock.
// The clock is paused and stepped to each next timer, with promises settled after each step, so that every probe really runs (they are counted).
import { BaseImage, Cluster } from "@ngrok/webernetes";

const [pods, seconds] = process.argv.slice(2).map(Number);
const asked = { "/live": 0, "/ready": 0 };

class WebImage extends BaseImage {
  static imageName = "web";
  static imageVersion = "1.0";
  defaultCommand = ["server"];
  async exec(context, argv) {
    if (argv[0] !== "server") return await super.exec(context, argv);
    context.listenHttp(8080, async (_context, request) => {
      asked[request.url.pathname]++;
      return { status: 200, body: "ok\n" };
    });
    return await context.waitUntilKilled();
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const cluster = new Cluster({ nodes: 3 });
const { clock } = cluster;
cluster.registerImage(WebImage);
cluster.pause();
// It has no public way to ask when the next timer is due.
const nextDue = () => [...clock.tasks.values()].reduce((least, task) => (task.cancelled ? least : Math.min(least, task.dueAtMs)), Infinity);

async function advance(target, until) {
  while (clock.nowMs() < target && !until?.()) {
    clock.step(Math.max(0, Math.min(nextDue(), target) - clock.nowMs()));
    await settle();
  }
  while (nextDue() <= target && !until?.()) {
    clock.step(0);
    await settle();
  }
}

async function finish(promise) {
  let done = false;
  const watched = promise.finally(() => (done = true));
  watched.catch(() => {});
  await settle();
  await advance(clock.nowMs() + 3_600_000, () => done);
  return await watched;
}

await finish(cluster.init());
const probe = (path) => ({ httpGet: { path, port: 8080 }, periodSeconds: 10 });
await finish(cluster.apply(Array.from({ length: pods }, (_, i) => ({
  apiVersion: "v1", kind: "Pod", metadata: { name: `web-${i}` },
  spec: { containers: [{ name: "web", image: "web:1.0", ports: [{ containerPort: 8080 }], livenessProbe: probe("/live"), readinessProbe: probe("/ready") }] },
}))));
const list = async () => {
  const answer = await finish(cluster.api.corev1.listNamespacedPod({ namespace: "default" }));
  return answer.items ?? answer.body?.items ?? [];
};
const ready = async () => (await list()).filter((pod) => pod.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True")).length;
for (let waited = 0; (await ready()) < pods; waited += 10) {
  if (waited > 900) throw new Error("not all Pods became ready");
  await advance(clock.nowMs() + 10_000);
}
const before = { ...asked };
const start = performance.now();
await advance(clock.nowMs() + seconds * 1000);
for (let i = 0; i < 50; i++) await settle();
const ms = performance.now() - start;
const probes = asked["/live"] + asked["/ready"] - before["/live"] - before["/ready"];
process.stdout.write(`${JSON.stringify({ ms, probes, due: (pods * seconds) / 5, peakMiB: process.resourceUsage().maxRSS / 1024 })}\n`, () => process.exit(0));
