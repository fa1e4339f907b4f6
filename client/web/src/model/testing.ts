// Events and jobs for tests, as the server makes them.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Event, EventSchema, EventType, QueuedReason } from "../../gen/spool/v1/event_pb";
import { type Job, JobSchema, JobState, JobType } from "../../gen/spool/v1/job_pb";
import { type WatchEventsResponse, WatchEventsResponseSchema } from "../../gen/spool/v1/job_service_pb";

export const at = timestampFromMs;

type Init<Schema extends Parameters<typeof create>[0]> = MessageInitShape<Schema>;

// Writes a log: sequences and revisions follow from the order of calls. Times are milliseconds.
export class LogWriter {
  private sequence = 0n;
  private readonly revisions = new Map<string, bigint>();

  get head(): bigint {
    return this.sequence;
  }

  queued(jobId: string, time: number, place: number, reason = QueuedReason.ENQUEUED): Event {
    return this.event(jobId, EventType.QUEUED, JobState.QUEUED, time, 0, {
      case: "queued",
      value: {
        jobId,
        type: JobType.RESIZE,
        videoId: `video-${jobId}`,
        queuePosition: place,
        queuedAt: at(time),
        reason,
      },
    });
  }

  started(jobId: string, queuedAt: number, time: number, attempt = 1): Event {
    return this.event(jobId, EventType.STARTED, JobState.RUNNING, time, attempt, {
      case: "started",
      value: { jobId, type: JobType.RESIZE, videoId: `video-${jobId}`, queuedAt: at(queuedAt), startedAt: at(time) },
    });
  }

  completed(jobId: string, queuedAt: number, startedAt: number, time: number): Event {
    return this.event(jobId, EventType.COMPLETED, JobState.COMPLETED, time, 1, {
      case: "completed",
      value: {
        jobId,
        type: JobType.RESIZE,
        videoId: `video-${jobId}`,
        result: { width: 800, height: 600, bytes: 1000n },
        queuedAt: at(queuedAt),
        startedAt: at(startedAt),
        completedAt: at(time),
        duration: { seconds: BigInt(Math.floor((time - startedAt) / 1000)), nanos: ((time - startedAt) % 1000) * 1e6 },
      },
    });
  }

  failed(jobId: string, queuedAt: number, startedAt: number, time: number, reason: string): Event {
    return this.event(jobId, EventType.FAILED, JobState.FAILED, time, 1, {
      case: "failed",
      value: {
        jobId,
        type: JobType.RESIZE,
        videoId: `video-${jobId}`,
        error: { reason, message: `it said ${reason}` },
        queuedAt: at(queuedAt),
        startedAt: at(startedAt),
        failedAt: at(time),
      },
    });
  }

  retrying(jobId: string, time: number, nextAttemptAt: number): Event {
    return this.event(jobId, EventType.RETRYING, JobState.SCHEDULED, time, 1, {
      case: "retrying",
      value: {
        jobId,
        type: JobType.RESIZE,
        videoId: `video-${jobId}`,
        error: { reason: "WORKER_CRASHED", message: "signal 11", retryable: true },
        failedAt: at(time),
        nextAttemptAt: at(nextAttemptAt),
      },
    });
  }

  cancelRequested(jobId: string, time: number): Event {
    return this.event(jobId, EventType.CANCEL_REQUESTED, JobState.RUNNING, time, 1, {
      case: "cancelRequested",
      value: { jobId, type: JobType.RESIZE, videoId: `video-${jobId}`, cancelRequestedAt: at(time) },
    });
  }

  cancelled(jobId: string, time: number): Event {
    return this.event(jobId, EventType.CANCELLED, JobState.CANCELLED, time, 1, {
      case: "cancelled",
      value: { jobId, type: JobType.RESIZE, videoId: `video-${jobId}`, cancelledAt: at(time) },
    });
  }

  deleted(jobId: string, time: number): Event {
    return this.event(jobId, EventType.DELETED, JobState.COMPLETED, time, 1, {
      case: "deleted",
      value: { jobId, type: JobType.RESIZE, videoId: `video-${jobId}` },
    });
  }

  private event(
    jobId: string,
    type: EventType,
    state: JobState,
    time: number,
    attempt: number,
    payload: Init<typeof EventSchema>["payload"],
  ): Event {
    this.sequence += 1n;
    const jobRevision = (this.revisions.get(jobId) ?? 0n) + 1n;
    this.revisions.set(jobId, jobRevision);
    return create(EventSchema, {
      sequence: this.sequence,
      jobId,
      jobRevision,
      type,
      eventTime: at(time),
      state,
      attempt,
      videoId: `video-${jobId}`,
      labels: { team: "web" },
      payload,
    });
  }
}

export function job(init: Init<typeof JobSchema>): Job {
  return create(JobSchema, { type: JobType.RESIZE, ...init });
}

// The responses of one stream that starts with a snapshot at `through`.
export function snapshot(jobs: Job[], through: bigint): WatchEventsResponse[] {
  const coverage = { after: through, through, resumeToken: `t${through}`, head: through };
  return [
    create(WatchEventsResponseSchema, { coverage, marker: { case: "opened", value: { logId: "log" } } }),
    create(WatchEventsResponseSchema, { snapshotJobs: jobs }),
    create(WatchEventsResponseSchema, {
      coverage,
      marker: { case: "snapshotComplete", value: { through, jobs: BigInt(jobs.length) } },
    }),
  ];
}

export function opened(through: bigint): WatchEventsResponse {
  return create(WatchEventsResponseSchema, {
    coverage: { after: through, through, resumeToken: `t${through}`, head: through },
    marker: { case: "opened", value: { logId: "log" } },
  });
}

export function batch(after: bigint, events: Event[]): WatchEventsResponse {
  const through = events.reduce((last, event) => (event.sequence > last ? event.sequence : last), after);
  return create(WatchEventsResponseSchema, {
    events,
    coverage: { after, through, resumeToken: `t${through}`, head: through },
  });
}
