import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { ProgressSampleSchema, QueuedReason } from "../../gen/spool/v1/event_pb";
import { JobState, ProgressBasis } from "../../gen/spool/v1/job_pb";
import { runMillis, waitMillis } from "./job";
import { JobTable } from "./job_table";
import { at, job, LogWriter } from "./testing";

function sample(jobId: string, attempt: number, fraction: number) {
  return create(ProgressSampleSchema, {
    jobId,
    progress: { attempt, fraction, basis: ProgressBasis.TIME, fps: 30, speed: 1.5 },
  });
}

test("a job from its first event to its last", () => {
  const log = new LogWriter();
  const table = new JobTable();
  table.apply(log.queued("a", 1000, 1));
  assert.equal(table.get("a")?.state, JobState.QUEUED);
  assert.equal(table.position("a"), 1);
  assert.deepEqual(table.get("a")?.labels, { team: "web" });

  table.apply(log.started("a", 1000, 4000));
  assert.equal(table.position("a"), undefined);
  assert.equal(table.count(JobState.QUEUED), 0);
  assert.equal(table.count(JobState.RUNNING), 1);
  const running = table.get("a");
  assert.ok(running);
  assert.equal(waitMillis(running), 3000);
  assert.equal(runMillis(running, 4500), 500);

  table.applyProgress(sample("a", 1, 0.5));
  assert.equal(table.get("a")?.progress?.fraction, 0.5);

  table.apply(log.completed("a", 1000, 4000, 9000));
  const completed = table.get("a");
  assert.ok(completed);
  assert.equal(completed.state, JobState.COMPLETED);
  assert.equal(completed.progress, undefined);
  assert.equal(completed.outcome?.width, 800);
  assert.equal(runMillis(completed, 99_000), 5000);
  assert.equal(completed.revision, 3);
});

test("progress of another attempt, of an unknown job and after the end is passed over", () => {
  const log = new LogWriter();
  const table = new JobTable();
  table.apply(log.queued("a", 0, 1));
  table.applyProgress(sample("a", 1, 0.5));
  assert.equal(table.get("a")?.progress, undefined);
  table.apply(log.started("a", 0, 1, 2));
  table.applyProgress(sample("a", 1, 0.9));
  assert.equal(table.get("a")?.progress, undefined);
  table.applyProgress(sample("b", 1, 0.9));
  assert.equal(table.size, 1);
});

test("a retry keeps the failure until the job completes", () => {
  const log = new LogWriter();
  const table = new JobTable();
  table.apply(log.queued("a", 0, 1));
  table.apply(log.started("a", 0, 10));
  table.apply(log.retrying("a", 20, 500));
  assert.equal(table.get("a")?.state, JobState.SCHEDULED);
  assert.equal(table.get("a")?.dueAt, 500);
  assert.equal(table.get("a")?.failure?.reason, "WORKER_CRASHED");
  table.apply(log.queued("a", 0, 1, QueuedReason.DUE));
  assert.equal(table.get("a")?.dueAt, undefined);
  table.apply(log.started("a", 0, 510, 2));
  assert.equal(table.get("a")?.failure?.reason, "WORKER_CRASHED");
  table.apply(log.completed("a", 0, 510, 600));
  assert.equal(table.get("a")?.failure, undefined);
});

test("a cancel that was asked for shows, and ends with the job", () => {
  const log = new LogWriter();
  const table = new JobTable();
  table.apply(log.queued("a", 0, 1));
  table.apply(log.started("a", 0, 10));
  table.applyProgress(sample("a", 1, 0.25));
  table.apply(log.cancelRequested("a", 20));
  assert.equal(table.get("a")?.cancelling, true);
  assert.equal(table.get("a")?.progress?.fraction, 0.25);
  table.apply(log.cancelled("a", 30));
  assert.equal(table.get("a")?.cancelling, false);
  assert.equal(table.get("a")?.endedAt, 30);
});

test("a deleted job is gone from rows, order and counts", () => {
  const log = new LogWriter();
  const table = new JobTable();
  for (const id of ["a", "b"]) table.apply(log.queued(id, 0, 1));
  table.apply(log.started("a", 0, 10));
  table.apply(log.completed("a", 0, 10, 20));
  assert.equal(table.newestFirst().length, 2);
  table.apply(log.deleted("a", 30));
  assert.equal(table.get("a"), undefined);
  assert.deepEqual(
    table.newestFirst().map((row) => row.id),
    ["b"],
  );
  assert.equal(table.count(JobState.COMPLETED), 0);
});

test("newest first, and the same array until something changes", () => {
  const log = new LogWriter();
  const table = new JobTable();
  table.apply(log.queued("a", 100, 1));
  table.apply(log.queued("b", 300, 2));
  table.apply(log.queued("c", 200, 3));
  const rows = table.newestFirst();
  assert.deepEqual(
    rows.map((row) => row.id),
    ["b", "c", "a"],
  );
  assert.equal(table.newestFirst(), rows);
  table.apply(log.started("c", 200, 400));
  assert.notEqual(table.newestFirst(), rows);
  assert.deepEqual(
    table.newestFirst().map((row) => row.id),
    ["b", "c", "a"],
  );
});

test("a snapshot says places in the queue, in any order; events go on from there", () => {
  const log = new LogWriter();
  const table = new JobTable();
  table.addSnapshot([
    job({ id: "late", state: JobState.QUEUED, queuePosition: 3, queuedAt: at(3) }),
    job({ id: "first", state: JobState.QUEUED, queuePosition: 1, queuedAt: at(1) }),
    job({ id: "done", state: JobState.COMPLETED, queuedAt: at(0), completedAt: at(9) }),
    job({ id: "second", state: JobState.QUEUED, queuePosition: 2, queuedAt: at(2) }),
  ]);
  assert.deepEqual(
    table.upNext(9).map((row) => row.id),
    ["first", "second", "late"],
  );
  // Of higher priority: it goes before those that wait.
  table.apply(log.queued("urgent", 10, 2));
  assert.deepEqual(
    table.upNext(9).map((row) => row.id),
    ["first", "urgent", "second", "late"],
  );
  table.apply(log.started("first", 1, 11));
  table.apply(log.cancelled("second", 12));
  assert.deepEqual(
    table.upNext(9).map((row) => row.id),
    ["urgent", "late"],
  );
  assert.equal(table.position("late"), 2);
});

test("what only a job tells is learnt once and stays", () => {
  const log = new LogWriter();
  const table = new JobTable();
  table.apply(log.queued("a", 0, 1));
  assert.equal(table.get("a")?.spec, undefined);
  table.learn(job({ id: "a", input: "clip.mp4", spec: { case: "resize", value: { width: 800, height: 600 } } }));
  table.learn(job({ id: "unknown", input: "clip.mp4" }));
  table.apply(log.started("a", 0, 10));
  assert.equal(table.get("a")?.spec, "800 × 600");
  assert.equal(table.get("a")?.input, "clip.mp4");
  assert.equal(table.size, 1);
});

test("ten thousand queued jobs are taken one by one without delay", () => {
  const log = new LogWriter();
  const table = new JobTable();
  const ids = Array.from({ length: 10_000 }, (_, index) => `job-${index}`);
  ids.forEach((id, index) => table.apply(log.queued(id, index, index + 1)));
  assert.equal(table.position("job-9999"), 10_000);
  for (const id of ids.slice(0, 9_999)) table.apply(log.started(id, 0, 1));
  assert.equal(table.position("job-9999"), 1);
  assert.equal(table.count(JobState.RUNNING), 9_999);
});
