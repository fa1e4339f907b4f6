// What the page shows, in one place: the feed writes here, views read here and are told when to look again.
import { ConnectError } from "@connectrpc/connect";
import type { Event } from "../../gen/spool/v1/event_pb";
import { type Job, JobState } from "../../gen/spool/v1/job_pb";
import { type WatchEventsResponse } from "../../gen/spool/v1/job_service_pb";
import { type Connection, Feed } from "../model/feed";
import { Follower, type Step } from "../model/follow";
import type { JobRow } from "../model/job";
import type { JobTable } from "../model/job_table";
import { type Figures, Totals } from "../model/totals";
import { jobs, queue } from "../rpc/clients";
import { problemOf, remedyFor } from "../rpc/errors";

// Views are redrawn at most this often, however fast events come.
const REDRAW_MS = 120;
// Rows that are seen and whose spec is not known are asked for together.
const LEARN_MS = 150;
// Ends of jobs are read out together: a busy queue must not talk without a pause.
const SPEAK_MS = 2000;
// With a free slot a queued job starts at once; if it does not, somebody may have paused the queue.
const SUSPICION_MS = 3000;
// A hidden page gives its connection back after this time.
const HIDDEN_MS = 30_000;

export interface Notice {
  readonly id: number;
  readonly kind: "done" | "problem";
  readonly text: string;
}

export class Store {
  connection: Connection = { kind: "connecting" };
  // Whether there is a complete table to show, even if the connection is lost by now.
  ready = false;
  // The server wants a token that this browser has not given it.
  tokenWanted = false;
  notices: readonly Notice[] = [];
  // For screen readers: the last thing that is worth saying.
  announcement = "";

  private readonly follower = new Follower();
  private readonly totals = new Totals();
  private readonly feed: Feed;
  private readonly views = new Set<() => void>();
  private readonly eventListeners = new Set<(event: Event) => void>();
  private redraw: ReturnType<typeof setTimeout> | undefined;
  private learning: ReturnType<typeof setTimeout> | undefined;
  private suspicion: ReturnType<typeof setTimeout> | undefined;
  private readonly unknown = new Set<string>();
  private readonly asked = new Set<string>();
  // Jobs that have ended and are yet to be told to screen readers.
  private ended: { completed: boolean; text: string }[] = [];
  private speaking: ReturnType<typeof setTimeout> | undefined;
  private noticeCount = 0;

  constructor() {
    this.feed = new Feed(
      this.follower,
      { watch: (request, signal) => jobs.watchEvents(request, { signal, timeoutMs: 0 }), judge: remedyFor },
      {
        onConnection: (connection) => this.onConnection(connection),
        onStep: (step, response) => this.onStep(step, response),
      },
    );
  }

  get table(): JobTable {
    return this.follower.table;
  }

  get figures(): Figures | undefined {
    return this.totals.figures;
  }

  start(): void {
    void this.feed.run();
    window.addEventListener("online", () => this.feed.retryNow());
    let hidden: ReturnType<typeof setTimeout> | undefined;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(hidden);
      if (document.hidden) {
        hidden = setTimeout(() => this.feed.setWanted(false), HIDDEN_MS);
      } else {
        this.feed.setWanted(true);
        if (this.connection.kind === "waiting") this.feed.retryNow();
        // Pausing the queue is no event: another dashboard may have done it.
        if (this.ready) void this.refreshFigures();
      }
    });
  }

  reconnect(): void {
    this.feed.retryNow();
  }

  // The browser has a cookie now.
  signedIn(): void {
    this.tokenWanted = false;
    this.feed.retryNow();
    if (this.connection.kind === "live") void this.refreshFigures();
    this.changed();
  }

  subscribe(view: () => void): () => void {
    this.views.add(view);
    return () => this.views.delete(view);
  }

  onEvent(listener: (event: Event) => void): () => void {
    this.eventListeners.add(listener);
    return () => this.eventListeners.delete(listener);
  }

  changed(): void {
    this.redraw ??= setTimeout(() => {
      this.redraw = undefined;
      for (const view of this.views) view();
    }, REDRAW_MS);
  }

  announce(text: string): void {
    this.announcement = text;
    this.changed();
  }

  notify(kind: Notice["kind"], text: string): void {
    this.noticeCount += 1;
    const notice = { id: this.noticeCount, kind, text };
    this.notices = [...this.notices.slice(-3), notice];
    this.changed();
    if (kind === "done") setTimeout(() => this.dismiss(notice.id), 6000);
  }

  dismiss(id: number): void {
    this.notices = this.notices.filter((notice) => notice.id !== id);
    this.changed();
  }

  // Any call's failure, in words for people; an unknown caller is asked to sign in.
  fail(what: string, error: unknown): void {
    const problem = problemOf(error);
    if (remedyFor(error).remedy === "signIn") {
      this.tokenWanted = true;
      this.changed();
      return;
    }
    this.notify("problem", `${what}: ${problem.message}`);
  }

  async refreshFigures(): Promise<void> {
    this.totals.ask();
    try {
      this.totals.answer(await queue.getQueueStats({}));
    } catch (error) {
      // The feed says so too, and figures are asked for again when it is back.
      ConnectError.from(error);
      this.totals.keep();
    }
    this.changed();
  }

  // Asks, soon and together with others, for what events do not tell of this job.
  wantSpec(row: JobRow): void {
    if (row.spec !== undefined || this.asked.has(row.id)) return;
    this.unknown.add(row.id);
    this.learning ??= setTimeout(() => void this.learn(), LEARN_MS);
  }

  knows(job: Job): void {
    this.table.learn(job);
    this.changed();
  }

  private async learn(): Promise<void> {
    this.learning = undefined;
    const jobIds = [...this.unknown].slice(0, 500);
    for (const id of jobIds) {
      this.unknown.delete(id);
      this.asked.add(id);
    }
    try {
      const page = await jobs.listJobs({ filter: { jobIds }, pageSize: jobIds.length });
      for (const job of page.jobs) this.table.learn(job);
    } catch {
      // Rows do without it; they ask again when they are seen anew after the next snapshot.
    }
    this.changed();
  }

  private onConnection(connection: Connection): void {
    const before = this.connection;
    this.connection = connection;
    if (connection.kind === "signedOut") this.tokenWanted = true;
    if (before.kind !== connection.kind) {
      if (connection.kind === "waiting" && this.ready) this.announcement = "Connection lost. Reconnecting.";
      if (connection.kind === "live" && (before.kind === "connecting" || before.kind === "loading")) {
        if (this.ready && this.announcement.startsWith("Connection lost")) this.announcement = "Connected again.";
        void this.refreshFigures();
      }
    }
    this.changed();
  }

  private onStep(step: Step, response: WatchEventsResponse): void {
    if (step.kind === "replaced") {
      this.ready = true;
      this.asked.clear();
    }
    if (step.kind === "loading") return;
    for (const event of response.events) {
      this.totals.apply(event);
      for (const listener of this.eventListeners) listener(event);
    }
    this.announceEvents(response.events);
    this.suspectPause(response.events);
    this.changed();
  }

  private announceEvents(events: readonly Event[]): void {
    for (const { payload, videoId, jobId } of events) {
      const name = videoId || jobId;
      if (payload.case === "completed") this.ended.push({ completed: true, text: `${name} completed.` });
      if (payload.case === "cancelled") this.ended.push({ completed: false, text: `${name} cancelled.` });
      if (payload.case === "failed") {
        const reason = payload.value.error?.reason || "no reason given";
        this.ended.push({ completed: false, text: `${name} failed: ${reason}.` });
      }
    }
    if (!this.ended.length) return;
    this.speaking ??= setTimeout(() => {
      this.speaking = undefined;
      const ended = this.ended.splice(0);
      const completed = ended.filter((each) => each.completed).length;
      this.announce(
        ended.length <= 2
          ? ended.map((each) => each.text).join(" ")
          : `${completed} jobs completed, ${ended.length - completed} failed or were cancelled.`,
      );
    }, SPEAK_MS);
  }

  // Pause and resume are not events, but what follows from them is: a start while paused, no start while there is room.
  private suspectPause(events: readonly Event[]): void {
    const { figures } = this;
    if (!figures || !events.length) return;
    if (figures.paused) {
      if (events.some(({ payload }) => payload.case === "started")) void this.refreshFigures();
      return;
    }
    clearTimeout(this.suspicion);
    const idle = () => this.table.count(JobState.QUEUED) > 0 && this.table.count(JobState.RUNNING) < figures.slots;
    if (!idle()) return;
    this.suspicion = setTimeout(() => {
      if (idle() && !this.figures?.paused) void this.refreshFigures();
    }, SUSPICION_MS);
  }
}
