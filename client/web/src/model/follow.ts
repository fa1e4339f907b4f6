// Where a reader stands in the log, and what each response makes of that. Transport and clock are in feed.ts.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import {
  OnCompacted,
  StartAt,
  type WatchEventsRequest,
  WatchEventsRequestSchema,
  type WatchEventsResponse,
} from "../../gen/spool/v1/job_service_pb";
import { JobTable } from "./job_table";

const HEARTBEAT_SECONDS = 10;
const BATCH_EVENTS = 1024;

export type Step =
  // Nothing to show yet; `loaded` jobs of the snapshot have come.
  | { readonly kind: "loading"; readonly loaded: number }
  // The table is another one now, complete as of the snapshot.
  | { readonly kind: "replaced" }
  // Events or progress were folded into the table; maybe none.
  | { readonly kind: "changed" }
  // The server stops; it ends the stream after this.
  | { readonly kind: "draining" }
  // The chain of coverage does not close: what is known cannot be trusted.
  | { readonly kind: "broken" };

export class Follower {
  // Complete as soon as a snapshot was; the last complete one while another comes.
  table = new JobTable();
  logId = "";
  // Last sequence that is folded into `table`.
  through = 0n;

  private token = "";
  private incoming: JobTable | undefined;
  private chainEnd: bigint | undefined;

  // The request that goes on from here: with a token after it, else with a snapshot.
  request(): WatchEventsRequest {
    const start: MessageInitShape<typeof WatchEventsRequestSchema>["start"] = this.token
      ? { case: "resumeToken", value: this.token }
      : { case: "startAt", value: StartAt.SNAPSHOT };
    this.chainEnd = undefined;
    this.incoming = this.token ? undefined : new JobTable();
    return create(WatchEventsRequestSchema, {
      start,
      heartbeatInterval: create(DurationSchema, { seconds: BigInt(HEARTBEAT_SECONDS) }),
      maxBatchEvents: BATCH_EVENTS,
      includeProgress: true,
      onCompacted: OnCompacted.SNAPSHOT,
    });
  }

  // Forgets its place: the next request asks for a snapshot. The table stays until that has come.
  restart(): void {
    this.token = "";
  }

  take(response: WatchEventsResponse): Step {
    const { coverage, marker } = response;
    if (marker.case === "opened") this.logId = marker.value.logId;
    if (marker.case === "reset") {
      this.incoming = new JobTable();
      this.token = "";
      this.chainEnd = undefined;
    }
    if (coverage) {
      if (this.chainEnd !== undefined && coverage.after !== this.chainEnd) {
        this.restart();
        return { kind: "broken" };
      }
      this.chainEnd = coverage.through;
    }
    // A snapshot is not yet a place to resume from: half of it would be missing.
    if (this.incoming) {
      this.incoming.addSnapshot(response.snapshotJobs);
      if (marker.case !== "snapshotComplete") return { kind: "loading", loaded: this.incoming.size };
      this.table = this.incoming;
      this.incoming = undefined;
      this.through = marker.value.through;
      if (coverage) this.token = coverage.resumeToken;
      return { kind: "replaced" };
    }
    for (const event of response.events) this.table.apply(event);
    for (const sample of response.progress) this.table.applyProgress(sample);
    if (coverage) {
      this.through = coverage.through;
      this.token = coverage.resumeToken;
    }
    return { kind: marker.case === "draining" ? "draining" : "changed" };
  }
}
