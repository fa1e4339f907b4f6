// All jobs the server has, as the feed tells of them: a snapshot, then every event folded into it.
import { type Event, EventType, type ProgressSample } from "../../gen/spool/v1/event_pb";
import { type Job, JobState } from "../../gen/spool/v1/job_pb";
import { fold, type JobRow, progressOf, rowOfJob } from "./job";
import { QueueOrder } from "./queue_order";

export class JobTable {
  private readonly rows = new Map<string, JobRow>();
  private readonly counts = new Map<JobState, number>();
  private readonly queue = new QueueOrder();
  // Ids, newest first, and their rows; undefined when they must be made anew.
  private order: string[] | undefined;
  private ordered: readonly JobRow[] | undefined;

  get size(): number {
    return this.rows.size;
  }

  get(id: string): JobRow | undefined {
    return this.rows.get(id);
  }

  values(): Iterable<JobRow> {
    return this.rows.values();
  }

  count(state: JobState): number {
    return this.counts.get(state) ?? 0;
  }

  // Place in the queue: 1 is next; undefined for a job that does not wait.
  position(id: string): number | undefined {
    return this.queue.position(id);
  }

  // The first jobs of the queue, next first.
  upNext(most: number): JobRow[] {
    return this.queue.first(most).flatMap((id) => this.rows.get(id) ?? []);
  }

  // Newest first, by the time they entered the queue. The same array until something changes.
  newestFirst(): readonly JobRow[] {
    this.order ??= [...this.rows.values()]
      .sort((a, b) => (b.queuedAt ?? 0) - (a.queuedAt ?? 0) || (a.id < b.id ? 1 : -1))
      .map((row) => row.id);
    this.ordered ??= this.order.flatMap((id) => this.rows.get(id) ?? []);
    return this.ordered;
  }

  // Jobs of a snapshot. They say their place in the queue themselves.
  addSnapshot(jobs: readonly Job[]): void {
    for (const job of jobs) {
      this.put(rowOfJob(job));
      if (job.state === JobState.QUEUED) this.queue.load(job.id, job.queuePosition);
    }
  }

  // Folds one event in. Returns the job's row after it, or the last one before it was deleted.
  apply(event: Event): JobRow | undefined {
    const before = this.rows.get(event.jobId);
    this.queue.remove(event.jobId);
    if (event.type === EventType.DELETED) {
      this.drop(event.jobId);
      return before;
    }
    const row = fold(before, event);
    this.put(row);
    if (event.payload.case === "queued") this.queue.insert(event.jobId, event.payload.value.queuePosition);
    return row;
  }

  // Samples come late or of attempts that are over: those are passed over.
  applyProgress(sample: ProgressSample): void {
    const row = this.rows.get(sample.jobId);
    if (!row || !sample.progress || row.state !== JobState.RUNNING) return;
    const progress = progressOf(sample.progress);
    if (progress.attempt !== row.attempt) return;
    this.put({ ...row, progress });
  }

  // A whole job, as a call has answered it: for what events do not tell. Not newer than the feed has to be.
  learn(job: Job): void {
    const row = this.rows.get(job.id);
    if (!row || row.spec !== undefined) return;
    const { spec, input } = rowOfJob(job);
    this.put({ ...row, spec, input });
  }

  private put(row: JobRow): void {
    const before = this.rows.get(row.id);
    if (before?.state !== row.state) {
      if (before) this.counts.set(before.state, this.count(before.state) - 1);
      this.counts.set(row.state, this.count(row.state) + 1);
    }
    this.rows.set(row.id, row);
    this.ordered = undefined;
    if (before?.queuedAt !== row.queuedAt || !before) this.order = undefined;
  }

  private drop(id: string): void {
    const before = this.rows.get(id);
    if (!before) return;
    this.counts.set(before.state, this.count(before.state) - 1);
    this.rows.delete(id);
    this.ordered = undefined;
    this.order = undefined;
  }
}
