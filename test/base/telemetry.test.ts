/** The metrics table and the telemetry that reports to nobody. @module */
import { describe, expect, test } from "vitest";
import { METRICS, type Metric, silent } from "../../src/base/telemetry.js";

describe("the table of metrics", () => {
  test.each(Object.entries<Metric>(METRICS))("%s is named by the rules", (name, metric) => {
    expect(name).toMatch(/^legate_[a-z_]+$/);
    expect(name.endsWith("_total")).toBe(metric.kind === "counter");
    if (metric.kind === "histogram") expect(name.endsWith("_seconds")).toBe(true);
  });

  test("has no label that grows with the tree", () => {
    const labels = Object.values<Metric>(METRICS).flatMap((metric) => metric.labels);
    expect(new Set(labels)).toEqual(new Set(["reason", "result", "policy", "decision"]));
  });
});

describe("silent", () => {
  test("runs what it is given and hands on its result or its error", async () => {
    expect(silent.span("work", {}, () => 1)).toBe(1);
    await expect(silent.span("work", {}, async () => 2)).resolves.toBe(2);
    const failure = new Error("failed");
    expect(() =>
      silent.span("work", {}, (span) => {
        span.set({ "legate.decision": "deny" });
        throw failure;
      }),
    ).toThrow(failure);
  });

  test("takes every report", () => {
    silent.count("legate_hops_revoked_total", { reason: "leak" });
    silent.gauge("legate_hops_active", {}, 1);
    silent.observe("legate_check_duration_seconds", { result: "allow" }, 0.001);
  });
});
