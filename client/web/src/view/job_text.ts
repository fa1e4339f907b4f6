// What the list says of a job in one line, by its state.
import { JobState } from "../../gen/spool/v1/job_pb";
import { bytes, clock, count, duration } from "../model/format";
import { type JobRow, runMillis } from "../model/job";
import { CONTAINER_NAMES } from "../model/names";
import { etaText, shareText } from "./progress_text";

export function titleOf(row: Pick<JobRow, "id" | "videoId">): string {
  return row.videoId || row.id;
}

function until(time: number | undefined, now: number): string {
  return time === undefined ? "" : time > now ? `in ${clock(time - now)}` : "due now";
}

export function standing(row: JobRow, position: number | undefined, now: number): string {
  switch (row.state) {
    case JobState.QUEUED:
      return position === undefined
        ? ""
        : position === 1
          ? "next in the queue"
          : `number ${count(position)} in the queue`;
    case JobState.SCHEDULED:
      return [until(row.dueAt, now), row.failure?.reason].filter(Boolean).join(" · ");
    case JobState.RUNNING: {
      const run = runMillis(row, now);
      return (
        [shareText(row.progress), row.progress && etaText(row.progress)].filter(Boolean).join(" · ") ||
        (run === undefined ? "" : `for ${clock(run)}`)
      );
    }
    case JobState.COMPLETED: {
      const { outcome } = row;
      const run = runMillis(row, now);
      return [
        outcome && outcome.outputs > 1
          ? `${outcome.outputs - outcome.failedOutputs} of ${outcome.outputs} outputs`
          : "",
        outcome?.width && outcome.outputs <= 1 ? `${outcome.width} × ${outcome.height}` : "",
        outcome && outcome.outputs <= 1 ? CONTAINER_NAMES[outcome.container] : "",
        outcome ? bytes(outcome.bytes) : "",
        run === undefined ? "" : `in ${duration(run)}`,
      ]
        .filter(Boolean)
        .join(" · ");
    }
    case JobState.FAILED:
      return row.failure?.reason ?? "";
    default:
      return "";
  }
}
