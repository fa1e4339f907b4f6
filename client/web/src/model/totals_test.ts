import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { GetQueueStatsResponseSchema } from "../../gen/spool/v1/queue_service_pb";
import { JobTable } from "./job_table";
import { LogWriter } from "./testing";
import { resultsOf, Totals } from "./totals";

const stats = (headSequence: bigint) =>
  create(GetQueueStatsResponseSchema, {
    totals: { enqueued: 10n, started: 9n, completed: 3n, failed: 1n, cancelled: 2n, retried: 4n },
    meanDuration: { seconds: 2n },
    meanWait: { seconds: 0n, nanos: 500_000_000 },
    slots: 2,
    paused: true,
    headSequence,
  });

test("nothing is known before the answer", () => {
  assert.equal(new Totals().figures, undefined);
});

test("events after the answer are added, those within it are not", () => {
  const log = new LogWriter();
  const totals = new Totals();
  const known = [log.queued("a", 0, 1), log.started("a", 0, 100)];
  totals.ask();
  totals.answer(stats(2n));
  for (const event of known) totals.apply(event);
  assert.equal(totals.figures?.enqueued, 10);
  totals.apply(log.completed("a", 0, 4500, 6500));
  totals.apply(log.queued("b", 0, 1));
  totals.apply(log.failed("b", 0, 1, 2, "INVALID_MEDIA"));
  const { figures } = totals;
  assert.ok(figures);
  assert.equal(figures.enqueued, 11);
  assert.equal(figures.completed, 4);
  assert.equal(figures.failed, 2);
  assert.equal(figures.successRate, 4 / 6);
  assert.equal(figures.meanRunMs, 2000);
  assert.equal(figures.meanWaitMs, (3 * 500 + 4500) / 4);
  assert.equal(figures.paused, true);
  assert.equal(figures.slots, 2);
});

test("an event that came before the answer and is not in it counts", () => {
  const log = new LogWriter();
  const totals = new Totals();
  totals.ask();
  totals.apply(log.queued("a", 0, 1));
  totals.apply(log.cancelled("a", 5));
  totals.answer(stats(1n));
  assert.equal(totals.figures?.enqueued, 10);
  assert.equal(totals.figures?.cancelled, 3);
});

test("a job that comes back to the queue was not enqueued anew", () => {
  const log = new LogWriter();
  const totals = new Totals();
  totals.answer(stats(0n));
  totals.apply(log.queued("a", 0, 1));
  totals.apply(log.started("a", 0, 1));
  totals.apply(log.retrying("a", 2, 3));
  totals.apply(log.queued("a", 0, 1));
  assert.equal(totals.figures?.enqueued, 11);
  assert.equal(totals.figures?.retried, 5);
});

test("a call that failed leaves what was known", () => {
  const totals = new Totals();
  totals.answer(stats(0n));
  totals.ask();
  totals.keep();
  assert.equal(totals.figures?.completed, 3);
});

test("results of the jobs that one sees", () => {
  const log = new LogWriter();
  const table = new JobTable();
  assert.deepEqual(resultsOf(table.values()), {
    completed: 0,
    failed: 0,
    successRate: undefined,
    meanRunMs: undefined,
    meanWaitMs: undefined,
  });
  table.apply(log.queued("a", 0, 1));
  table.apply(log.started("a", 0, 100));
  table.apply(log.completed("a", 0, 100, 1100));
  table.apply(log.queued("b", 0, 1));
  table.apply(log.started("b", 0, 300));
  table.apply(log.completed("b", 0, 300, 2300));
  table.apply(log.queued("c", 0, 1));
  table.apply(log.failed("c", 0, 1, 2, "INVALID_MEDIA"));
  assert.deepEqual(resultsOf(table.values()), {
    completed: 2,
    failed: 1,
    successRate: 2 / 3,
    meanRunMs: 1500,
    meanWaitMs: 200,
  });
});
