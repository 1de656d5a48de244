// The native core alone: the cluster's speed, going back, kubectl, hostile texts. Peers are elsewhere.
import { native, short, spread, stats } from "./figures.mjs";

export async function cluster(report) {
  const part = "Cluster, native";
  const day = native("day");
  const value = (figures, label) => figures.get(label)?.samples ?? [NaN];
  const [seconds] = value(day, "24 h");
  report.row(part, "24 h of 100 Pods, two probes each", `${short(seconds)} s (${short(value(day, "probes")[0] / seconds)} probes a second)`, { target: "< 5 s (later 1 s)", meets: seconds < 5 });
  const [first] = value(day, "the first hour");
  const late = stats(value(day, "an hour of the last twelve"));
  report.row(part, "— cost does not grow: the first hour, an hour of the last twelve", `${short(first)} ms, ${spread(value(day, "an hour of the last twelve"), "ms")}`, { target: "no growth (≤ 1.5×)", meets: late.median <= first * 1.5, ratio: `${short(late.median / first)}×` });
  const memory = (figures, limit) => {
    const figure = figures.get("peak memory of the process");
    if (figure) report.row(part, "— peak memory", `${short(figure.samples[0])} MiB`, { target: `< ${limit} MB`, meets: figure.samples[0] * 1.048576 < limit });
  };
  memory(day, 200);
  const crowd = native("crowd");
  const [hour] = value(crowd, "1 h");
  report.row(part, "1 h of 1,000 Pods on 50 nodes, two probes each", `${short(hour)} s (${short(value(crowd, "probes")[0])} probes)`, { target: "< 2 s", meets: hour < 2 });
  report.row(part, "— 1,000 Pods from nothing, the first minute", `${short(value(crowd, "1,000 Pods from nothing, the first minute")[0])} s`);
  memory(crowd, 200);
  const point = native("checkpoint");
  for (const label of ["checkpoint", "resume"]) {
    const samples = value(point, label);
    report.row(part, `${label} of 100 Pods after an hour`, spread(samples, "ms"), { target: "< 5 ms", meets: stats(samples).median < 5 });
  }
  const moments = value(native("seek"), "to any moment");
  report.row(part, "playhead to any moment of 30 min, ten Pods", spread(moments, "ms"), { target: "< 100 ms", meets: stats(moments).p95 < 100 });
  const gets = value(native("get"), "1,000 commands");
  report.row(part, "1,000 × kubectl get pods -o wide, 100 Pods", spread(gets, "ms"), { target: "< 1 s", meets: stats(gets).median < 1000 });
}

export async function hostile(report) {
  const part = "Hostile texts of ten megabytes, native";
  for (const { label, unit, samples } of native("hostile").values()) {
    const time = unit === "ms";
    report.row(part, label, spread(samples, unit), time ? { target: "< 1 s", meets: stats(samples).max < 1000 } : {});
  }
}
