// A job's state: a shape as well as a colour, and the word.
import { JobState } from "../../gen/spool/v1/job_pb";
import type { JobRow } from "../model/job";
import { STATE_NAMES } from "../model/names";

export const STATE_CLASSES: Record<JobState, string> = {
  [JobState.UNSPECIFIED]: "scheduled",
  [JobState.SCHEDULED]: "scheduled",
  [JobState.QUEUED]: "queued",
  [JobState.RUNNING]: "running",
  [JobState.COMPLETED]: "completed",
  [JobState.FAILED]: "failed",
  [JobState.CANCELLED]: "cancelled",
};

function Shape({ state }: { state: JobState }) {
  switch (state) {
    case JobState.RUNNING:
      return (
        <>
          <circle cx="6" cy="6" r="4.25" />
          <circle cx="6" cy="6" r="1.75" class="solid" />
        </>
      );
    case JobState.COMPLETED:
      return <path d="M2 6.5 5 9.3 10 3.2" />;
    case JobState.FAILED:
      return <path d="M3 3l6 6M9 3l-6 6" />;
    case JobState.CANCELLED:
      return <path d="M2.5 6h7" />;
    case JobState.SCHEDULED:
      return <path d="M6 1.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4zM6 3.8V6l1.6 1" />;
    default:
      return <circle cx="6" cy="6" r="4" />;
  }
}

export function StateMark({ row }: { row: Pick<JobRow, "state" | "cancelling" | "failure"> }) {
  const text = row.cancelling
    ? "Cancelling"
    : row.state === JobState.SCHEDULED && row.failure
      ? "Will retry"
      : STATE_NAMES[row.state];
  return (
    <span class={`state ${STATE_CLASSES[row.state]}`}>
      <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
        <Shape state={row.state} />
      </svg>
      {text}
    </span>
  );
}
