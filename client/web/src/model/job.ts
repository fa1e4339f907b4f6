// What the dashboard keeps of each job: little enough for many thousands. The page of one job asks for the rest.
import type { Event } from "../../gen/spool/v1/event_pb";
import {
  type Container,
  type Job,
  type JobError,
  type JobProgress,
  type JobResult,
  JobState,
  JobType,
  ProgressBasis,
} from "../../gen/spool/v1/job_pb";
import { specText } from "./spec_text";
import { lengthMillis, millis } from "./time";

export interface Progress {
  readonly attempt: number;
  readonly fraction: number;
  // Nothing to measure against: fraction stays 0.
  readonly indeterminate: boolean;
  readonly fps: number;
  // Media seconds per second; 0 when unknown.
  readonly speed: number;
  readonly etaMs: number | undefined;
  readonly frames: number;
  readonly bytes: number;
}

export interface Outcome {
  readonly width: number;
  readonly height: number;
  readonly lengthMs: number | undefined;
  readonly bytes: number;
  readonly container: Container;
  // Of a job with several outputs: how many there are, and how many of them failed.
  readonly outputs: number;
  readonly failedOutputs: number;
}

export interface Failure {
  readonly reason: string;
  readonly message: string;
}

// Times are milliseconds since 1970. A row is never changed, only replaced, so that views can compare by identity.
export interface JobRow {
  readonly id: string;
  readonly videoId: string;
  readonly type: JobType;
  readonly state: JobState;
  readonly labels: Readonly<Record<string, string>>;
  readonly attempt: number;
  readonly revision: number;
  readonly queuedAt: number | undefined;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  // When a SCHEDULED job enters the queue.
  readonly dueAt: number | undefined;
  readonly cancelling: boolean;
  readonly progress: Progress | undefined;
  readonly outcome: Outcome | undefined;
  readonly failure: Failure | undefined;
  // What only a Job tells, not an event; undefined until one was seen.
  readonly spec: string | undefined;
  readonly input: string | undefined;
}

export function isTerminal(state: JobState): boolean {
  return state === JobState.COMPLETED || state === JobState.FAILED || state === JobState.CANCELLED;
}

// States that RetryJob leads out of.
export function isRetryable(row: JobRow): boolean {
  return row.state === JobState.FAILED || row.state === JobState.CANCELLED;
}

export function isCancellable(row: JobRow): boolean {
  return !isTerminal(row.state) && !row.cancelling;
}

// How long the last attempt ran, or has been running by `now`; undefined when there was none.
export function runMillis(row: JobRow, now: number): number | undefined {
  if (row.startedAt === undefined) return undefined;
  if (row.state === JobState.RUNNING) return Math.max(0, now - row.startedAt);
  if (row.endedAt === undefined || row.endedAt < row.startedAt) return undefined;
  return row.endedAt - row.startedAt;
}

// From the first entry into the queue to the last start.
export function waitMillis(row: JobRow): number | undefined {
  if (row.startedAt === undefined || row.queuedAt === undefined) return undefined;
  return Math.max(0, row.startedAt - row.queuedAt);
}

export function progressOf(progress: JobProgress): Progress {
  return {
    attempt: progress.attempt,
    fraction: Math.min(1, Math.max(0, progress.fraction)),
    indeterminate: progress.basis === ProgressBasis.INDETERMINATE || progress.basis === ProgressBasis.UNSPECIFIED,
    fps: progress.fps,
    speed: progress.speed,
    etaMs: lengthMillis(progress.eta),
    frames: Number(progress.frames),
    bytes: Number(progress.bytes),
  };
}

function outcomeOf(result: JobResult | undefined): Outcome | undefined {
  return (
    result && {
      width: result.width,
      height: result.height,
      lengthMs: lengthMillis(result.duration),
      bytes: Number(result.bytes),
      container: result.container,
      outputs: result.outputs.length,
      failedOutputs: result.outputs.filter((output) => output.error !== undefined).length,
    }
  );
}

function failureOf(error: JobError | undefined): Failure | undefined {
  return error && { reason: error.reason, message: error.message };
}

export function rowOfJob(job: Job): JobRow {
  return {
    id: job.id,
    videoId: job.videoId,
    type: job.type,
    state: job.state,
    labels: job.labels,
    attempt: job.attempt,
    revision: Number(job.revision),
    queuedAt: millis(job.queuedAt),
    startedAt: millis(job.startedAt),
    endedAt: millis(
      job.state === JobState.COMPLETED
        ? job.completedAt
        : job.state === JobState.FAILED
          ? job.failedAt
          : job.state === JobState.CANCELLED
            ? job.cancelledAt
            : undefined,
    ),
    dueAt: job.state === JobState.SCHEDULED ? millis(job.nextAttemptAt ?? job.runAt) : undefined,
    cancelling: job.state === JobState.RUNNING && job.cancelRequestedAt !== undefined,
    progress: job.state === JobState.RUNNING && job.progress ? progressOf(job.progress) : undefined,
    outcome: job.state === JobState.COMPLETED ? outcomeOf(job.result) : undefined,
    failure: failureOf(job.error),
    spec: specText(job),
    input: job.input,
  };
}

function blank(event: Event): JobRow {
  return {
    id: event.jobId,
    videoId: event.videoId,
    type: JobType.UNSPECIFIED,
    state: event.state,
    labels: event.labels,
    attempt: 0,
    revision: 0,
    queuedAt: undefined,
    startedAt: undefined,
    endedAt: undefined,
    dueAt: undefined,
    cancelling: false,
    progress: undefined,
    outcome: undefined,
    failure: undefined,
    spec: undefined,
    input: undefined,
  };
}

// The row after an event: `row` is what was known before it. DELETED is the table's business.
export function fold(row: JobRow | undefined, event: Event): JobRow {
  const { payload } = event;
  const next = {
    ...(row ?? blank(event)),
    type: payload.value?.type ?? row?.type ?? JobType.UNSPECIFIED,
    state: event.state,
    attempt: event.attempt,
    revision: Number(event.jobRevision),
    progress: undefined,
    cancelling: false,
    dueAt: undefined,
  };
  switch (payload.case) {
    case "scheduled":
      return { ...next, queuedAt: millis(payload.value.queuedAt), dueAt: millis(payload.value.runAt) };
    case "queued":
      return { ...next, queuedAt: millis(payload.value.queuedAt), endedAt: undefined, outcome: undefined };
    case "started":
      return {
        ...next,
        queuedAt: millis(payload.value.queuedAt),
        startedAt: millis(payload.value.startedAt),
        endedAt: undefined,
        outcome: undefined,
      };
    case "completed":
      return {
        ...next,
        queuedAt: millis(payload.value.queuedAt),
        startedAt: millis(payload.value.startedAt),
        endedAt: millis(payload.value.completedAt),
        outcome: outcomeOf(payload.value.result),
        failure: undefined,
      };
    case "failed":
      return {
        ...next,
        queuedAt: millis(payload.value.queuedAt),
        startedAt: millis(payload.value.startedAt) ?? next.startedAt,
        endedAt: millis(payload.value.failedAt),
        failure: failureOf(payload.value.error),
      };
    case "retrying":
      return { ...next, dueAt: millis(payload.value.nextAttemptAt), failure: failureOf(payload.value.error) };
    case "cancelled":
      return { ...next, endedAt: millis(payload.value.cancelledAt) };
    case "cancelRequested":
      return { ...next, cancelling: event.state === JobState.RUNNING, progress: row?.progress };
    default:
      return next;
  }
}
