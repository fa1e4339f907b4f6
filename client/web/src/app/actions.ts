// What one can do to jobs and the queue. The feed brings the outcome; here only failures are told.
import type { JobRow } from "../model/job";
import { jobs, queue } from "../rpc/clients";
import type { Store } from "./store";

const nameOf = (row: Pick<JobRow, "id" | "videoId">) => row.videoId || row.id;

export class Actions {
  constructor(private readonly store: Store) {}

  async cancel(row: Pick<JobRow, "id" | "videoId">): Promise<void> {
    await this.attempt(`Cancel ${nameOf(row)}`, () => jobs.cancelJob({ jobId: row.id }));
  }

  async retry(row: Pick<JobRow, "id" | "videoId">): Promise<void> {
    await this.attempt(`Retry ${nameOf(row)}`, () => jobs.retryJob({ jobId: row.id }));
  }

  // Answers whether it is gone.
  async remove(row: Pick<JobRow, "id" | "videoId">): Promise<boolean> {
    return this.attempt(`Delete ${nameOf(row)}`, () => jobs.deleteJob({ jobId: row.id }));
  }

  async setPaused(paused: boolean): Promise<void> {
    const done = await this.attempt(paused ? "Pause the queue" : "Resume the queue", () =>
      paused ? queue.pauseQueue({}) : queue.resumeQueue({}),
    );
    if (!done) return;
    await this.store.refreshFigures();
    this.store.announce(paused ? "The queue is paused." : "The queue goes on.");
  }

  private async attempt(what: string, call: () => Promise<unknown>): Promise<boolean> {
    try {
      await call();
      return true;
    } catch (error) {
      this.store.fail(what, error);
      return false;
    }
  }
}
