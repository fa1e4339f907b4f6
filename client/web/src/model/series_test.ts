import assert from "node:assert/strict";
import { test } from "node:test";
import { JobTable } from "./job_table";
import { durationTicks, percentile, type Range, series, ticks } from "./series";
import { LogWriter } from "./testing";

const RANGE: Range = { key: "test", label: "test", stepMs: 1000, steps: 3 };

test("jobs are counted where they end and where they start", () => {
  const log = new LogWriter();
  const table = new JobTable();
  const finish = (id: string, queued: number, started: number, ended: number, fails = false) => {
    table.apply(log.queued(id, queued, 1));
    table.apply(log.started(id, queued, started));
    table.apply(fails ? log.failed(id, queued, started, ended, "X") : log.completed(id, queued, started, ended));
  };
  finish("before", 7000, 7500, 7999);
  finish("edge", 7900, 8000, 8000);
  finish("middle", 8000, 9400, 9999);
  finish("bad", 9000, 9100, 10_400, true);
  const buckets = series(table.values(), RANGE, 10_500);
  assert.deepEqual(
    buckets.map(({ from, completed, failed, medianWaitMs, p95WaitMs, started }) => ({
      from,
      completed,
      failed,
      medianWaitMs,
      p95WaitMs,
      started,
    })),
    [
      { from: 8000, completed: 1, failed: 0, medianWaitMs: 100, p95WaitMs: 100, started: 1 },
      { from: 9000, completed: 1, failed: 0, medianWaitMs: 100, p95WaitMs: 1400, started: 2 },
      { from: 10_000, completed: 0, failed: 1, medianWaitMs: undefined, p95WaitMs: undefined, started: 0 },
    ],
  );
});

test("steps begin at multiples of their length, whatever the time", () => {
  assert.deepEqual(
    series([], RANGE, 10_000).map((bucket) => bucket.from),
    [8000, 9000, 10_000],
  );
  assert.deepEqual(
    series([], RANGE, 10_999).map((bucket) => bucket.from),
    [8000, 9000, 10_000],
  );
});

test("percentiles are values that occurred", () => {
  assert.equal(percentile([5], 0.95), 5);
  assert.equal(percentile([1, 2, 3, 4], 0.5), 2);
  assert.equal(
    percentile(
      Array.from({ length: 100 }, (_, index) => index + 1),
      0.95,
    ),
    95,
  );
});

test("ticks are round, start at 0 and reach the top", () => {
  assert.deepEqual(ticks(0, 4, true), [0, 1]);
  assert.deepEqual(ticks(1, 4, true), [0, 1]);
  assert.deepEqual(ticks(7, 4, true), [0, 2, 4, 6, 8]);
  assert.deepEqual(ticks(100, 4, true), [0, 50, 100]);
  assert.deepEqual(durationTicks(14, 4), [0, 5, 10, 15]);
  assert.deepEqual(durationTicks(90_000, 4), [0, 30_000, 60_000, 90_000]);
  for (const most of [1, 3, 17, 999, 12_345, 8e6, 5e8, 9e9]) {
    const marks = durationTicks(most, 4);
    assert.ok((marks[marks.length - 1] ?? 0) >= most, `${most}: ${marks}`);
    assert.ok(marks.length <= 6, `${most}: ${marks}`);
  }
});
