import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { JobState } from "../../gen/spool/v1/job_pb";
import { OnCompacted, StartAt, WatchEventsResponseSchema } from "../../gen/spool/v1/job_service_pb";
import { Follower } from "./follow";
import { at, batch, job, LogWriter, opened, snapshot } from "./testing";

const waiting = (id: string) => job({ id, state: JobState.QUEUED, queuePosition: 1, queuedAt: at(1) });

test("the first request asks for a snapshot, with progress, and again after retention", () => {
  const request = new Follower().request();
  assert.deepEqual(request.start, { case: "startAt", value: StartAt.SNAPSHOT });
  assert.equal(request.includeProgress, true);
  assert.equal(request.onCompacted, OnCompacted.SNAPSHOT);
});

test("a snapshot shows only when it is complete", () => {
  const follower = new Follower();
  follower.request();
  const [first, jobs, complete] = snapshot([waiting("a")], 7n);
  assert.ok(first && jobs && complete);
  assert.deepEqual(follower.take(first), { kind: "loading", loaded: 0 });
  assert.deepEqual(follower.take(jobs), { kind: "loading", loaded: 1 });
  assert.equal(follower.table.size, 0);
  assert.deepEqual(follower.take(complete), { kind: "replaced" });
  assert.equal(follower.table.size, 1);
  assert.equal(follower.through, 7n);
});

test("a stream that breaks within the snapshot starts over with a snapshot", () => {
  const follower = new Follower();
  follower.request();
  for (const response of snapshot([waiting("a")], 7n).slice(0, 2)) follower.take(response);
  assert.equal(follower.request().start.case, "startAt");
});

test("after the snapshot the last token resumes, and the table goes on", () => {
  const log = new LogWriter();
  const follower = new Follower();
  follower.request();
  for (const response of snapshot([], 0n)) follower.take(response);
  assert.deepEqual(follower.take(batch(0n, [log.queued("a", 5, 1)])), { kind: "changed" });
  assert.deepEqual(follower.request().start, { case: "resumeToken", value: "t1" });
  follower.take(opened(1n));
  follower.take(batch(1n, [log.started("a", 5, 6)]));
  assert.equal(follower.table.get("a")?.state, JobState.RUNNING);
  assert.equal(follower.through, 2n);
});

test("progress alone has no coverage and moves no token", () => {
  const log = new LogWriter();
  const follower = new Follower();
  follower.request();
  for (const response of snapshot([], 0n)) follower.take(response);
  follower.take(batch(0n, [log.queued("a", 5, 1), log.started("a", 5, 6)]));
  const progress = [{ jobId: "a", progress: { attempt: 1, fraction: 0.4, basis: 1 } }];
  assert.deepEqual(follower.take(create(WatchEventsResponseSchema, { progress })), { kind: "changed" });
  assert.equal(follower.table.get("a")?.progress?.fraction, 0.4);
  assert.deepEqual(follower.request().start, { case: "resumeToken", value: "t2" });
});

test("a hole in the coverage is no longer trusted", () => {
  const log = new LogWriter();
  const follower = new Follower();
  follower.request();
  for (const response of snapshot([], 0n)) follower.take(response);
  log.queued("lost", 1, 1);
  assert.deepEqual(follower.take(batch(1n, [log.queued("a", 5, 1)])), { kind: "broken" });
  assert.equal(follower.request().start.case, "startAt");
});

test("a reset brings another snapshot; the old table stays until that is complete", () => {
  const follower = new Follower();
  follower.request();
  for (const response of snapshot([waiting("old")], 3n)) follower.take(response);
  follower.request();
  follower.take(opened(3n));
  const reset = create(WatchEventsResponseSchema, {
    coverage: { after: 3n, through: 90n, resumeToken: "t90", head: 90n },
    marker: { case: "reset", value: { firstLost: 4n, lastLost: 90n } },
  });
  assert.deepEqual(follower.take(reset), { kind: "loading", loaded: 0 });
  assert.ok(follower.table.get("old"));
  assert.equal(follower.request().start.case, "startAt", "half a snapshot is no place to resume from");
  const [, jobs, complete] = snapshot([waiting("new")], 90n);
  assert.ok(jobs && complete);
  follower.take(jobs);
  assert.deepEqual(follower.take(complete), { kind: "replaced" });
  assert.equal(follower.table.get("old"), undefined);
  assert.ok(follower.table.get("new"));
});

test("draining is told", () => {
  const follower = new Follower();
  follower.request();
  for (const response of snapshot([], 0n)) follower.take(response);
  const last = create(WatchEventsResponseSchema, {
    coverage: { after: 0n, through: 0n, resumeToken: "t0", head: 0n },
    marker: { case: "draining", value: {} },
  });
  assert.deepEqual(follower.take(last), { kind: "draining" });
});
