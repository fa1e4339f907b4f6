// The queue's figures since the store was made: asked once, then kept up with the events that follow. Whoever may not
// ask has figures of the jobs that they see.
import type { Event } from "../../gen/spool/v1/event_pb";
import { JobState } from "../../gen/spool/v1/job_pb";
import type { GetQueueStatsResponse } from "../../gen/spool/v1/queue_service_pb";
import { type JobRow, runMillis, waitMillis } from "./job";
import { lengthMillis, millis } from "./time";

export interface Results {
  readonly completed: number;
  readonly failed: number;
  // 0 to 1; undefined before the first job that ended.
  readonly successRate: number | undefined;
  readonly meanRunMs: number | undefined;
  readonly meanWaitMs: number | undefined;
}

export interface Figures extends Results {
  readonly enqueued: number;
  readonly cancelled: number;
  readonly retried: number;
  readonly slots: number;
  readonly paused: boolean;
}

function results(completed: number, failed: number, runMs: number, waitMs: number): Results {
  return {
    completed,
    failed,
    successRate: completed + failed > 0 ? completed / (completed + failed) : undefined,
    meanRunMs: completed > 0 ? runMs / completed : undefined,
    meanWaitMs: completed > 0 ? waitMs / completed : undefined,
  };
}

// Of these jobs alone.
export function resultsOf(rows: Iterable<JobRow>): Results {
  let [completed, failed, runMs, waitMs] = [0, 0, 0, 0];
  for (const row of rows) {
    if (row.state === JobState.FAILED) failed += 1;
    if (row.state !== JobState.COMPLETED) continue;
    completed += 1;
    runMs += runMillis(row, 0) ?? 0;
    waitMs += waitMillis(row) ?? 0;
  }
  return results(completed, failed, runMs, waitMs);
}

export class Totals {
  private base: GetQueueStatsResponse | undefined;
  // Events that came while the figures were asked for; the answer may or may not have them in it.
  private pending: Event[] = [];
  private asking = false;
  private sums = { enqueued: 0, completed: 0, failed: 0, cancelled: 0, retried: 0, runMs: 0, waitMs: 0 };
  private shown: Figures | undefined;

  // Before GetQueueStats is called.
  ask(): void {
    this.asking = true;
    this.pending = [];
  }

  // The call failed: what was known goes on to be kept up.
  keep(): void {
    this.asking = false;
    this.pending = [];
  }

  answer(stats: GetQueueStatsResponse): void {
    const completed = Number(stats.totals?.completed ?? 0n);
    this.base = stats;
    this.sums = {
      enqueued: Number(stats.totals?.enqueued ?? 0n),
      completed,
      failed: Number(stats.totals?.failed ?? 0n),
      cancelled: Number(stats.totals?.cancelled ?? 0n),
      retried: Number(stats.totals?.retried ?? 0n),
      runMs: (lengthMillis(stats.meanDuration) ?? 0) * completed,
      waitMs: (lengthMillis(stats.meanWait) ?? 0) * completed,
    };
    const pending = this.pending;
    this.keep();
    for (const event of pending) this.apply(event);
    this.shown = undefined;
  }

  apply(event: Event): void {
    if (this.asking) this.pending.push(event);
    if (!this.base || event.sequence <= this.base.headSequence) return;
    this.add(event);
    this.shown = undefined;
  }

  get figures(): Figures | undefined {
    if (!this.base) return undefined;
    const { completed, failed, runMs, waitMs, ...counts } = this.sums;
    this.shown ??= {
      ...counts,
      ...results(completed, failed, runMs, waitMs),
      slots: this.base.slots,
      paused: this.base.paused,
    };
    return this.shown;
  }

  private add(event: Event): void {
    const { payload } = event;
    switch (payload.case) {
      case "queued":
      case "scheduled":
        if (event.jobRevision === 1n) this.sums.enqueued += 1;
        break;
      case "completed": {
        const { queuedAt, startedAt, duration } = payload.value;
        this.sums.completed += 1;
        this.sums.runMs += lengthMillis(duration) ?? 0;
        this.sums.waitMs += Math.max(0, (millis(startedAt) ?? 0) - (millis(queuedAt) ?? 0));
        break;
      }
      case "failed":
        this.sums.failed += 1;
        break;
      case "cancelled":
        this.sums.cancelled += 1;
        break;
      case "retrying":
        this.sums.retried += 1;
        break;
      default:
    }
  }
}
