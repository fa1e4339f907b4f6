// The events of one job, in order, each once: they come from pages of the log and from the feed, which overlap.
import type { Event } from "../../gen/spool/v1/event_pb";
import { QueuedReason } from "../../gen/spool/v1/event_pb";
import { bytes, count, duration } from "./format";
import { lengthMillis, millis } from "./time";

export interface Entry {
  readonly sequence: bigint;
  readonly kind: string;
  readonly title: string;
  readonly note: string;
  // When it happened; milliseconds since 1970.
  readonly at: number | undefined;
  // Since the entry before it.
  readonly sinceMs: number | undefined;
}

const QUEUED_NOTES: Record<QueuedReason, string> = {
  [QueuedReason.UNSPECIFIED]: "",
  [QueuedReason.ENQUEUED]: "",
  [QueuedReason.DUE]: "Its time came",
  [QueuedReason.INTERRUPTED]: "The server was stopped; no attempt was used",
  [QueuedReason.RETRIED]: "Tried again by hand",
};

function describe(event: Event): { kind: string; title: string; note: string } {
  const { payload } = event;
  switch (payload.case) {
    case "queued": {
      const place = payload.value.queuePosition > 0 ? `number ${count(payload.value.queuePosition)} in the queue` : "";
      const note = [QUEUED_NOTES[payload.value.reason], place].filter(Boolean).join(", ");
      return { kind: "queued", title: "Queued", note };
    }
    case "started":
      return { kind: "running", title: `Attempt ${event.attempt} started`, note: "" };
    case "completed": {
      const { result, duration: length } = payload.value;
      const run = lengthMillis(length);
      const note = [
        result?.width ? `${result.width} × ${result.height}` : "",
        result ? bytes(Number(result.bytes)) : "",
        run === undefined ? "" : `in ${duration(run)}`,
      ];
      return { kind: "completed", title: "Completed", note: note.filter(Boolean).join(", ") };
    }
    case "failed":
      return { kind: "failed", title: "Failed", note: payload.value.error?.reason ?? "" };
    case "retrying":
      return {
        kind: "retrying",
        title: `Attempt ${event.attempt} failed`,
        note: `${payload.value.error?.reason ?? "No reason given"}; will be tried again`,
      };
    case "cancelled":
      return { kind: "cancelled", title: "Cancelled", note: "" };
    case "scheduled":
      return { kind: "scheduled", title: "Scheduled", note: "" };
    case "deleted":
      return { kind: "cancelled", title: "Deleted", note: "" };
    case "cancelRequested":
      return { kind: "cancelled", title: "Cancel asked for", note: "" };
    default:
      return { kind: "queued", title: "Something this page does not know of", note: "" };
  }
}

export class Timeline {
  readonly entries: readonly Entry[];
  // Whether retention has removed what came before the first entry.
  readonly cut: boolean;
  // Revision of the last event; 0n when there is none.
  readonly revision: bigint;

  constructor(events: readonly Event[] = []) {
    const bySequence = new Map(events.map((event) => [event.sequence, event]));
    const ordered = [...bySequence.values()].sort((a, b) => (a.sequence < b.sequence ? -1 : 1));
    let before: number | undefined;
    this.entries = ordered.map((event) => {
      const at = millis(event.eventTime);
      const sinceMs = at === undefined || before === undefined ? undefined : Math.max(0, at - before);
      before = at;
      return { sequence: event.sequence, at, sinceMs, ...describe(event) };
    });
    this.cut = (ordered[0]?.jobRevision ?? 1n) > 1n;
    this.revision = ordered[ordered.length - 1]?.jobRevision ?? 0n;
  }
}
