// Keeps one stream of events open, for ever: resumes by token, waits longer after each failure, starts over with a
// snapshot where resuming cannot help, and ends a stream that has gone silent.
import type { WatchEventsRequest, WatchEventsResponse } from "../../gen/spool/v1/job_service_pb";
import { Backoff } from "./backoff";
import { Follower, type Step } from "./follow";

// Three heartbeats: a stream this silent is dead, whatever TCP says.
const SILENCE_MS = 30_000;
// A stream that was heard for so long is a good one: the next failure is the first again.
const LASTING_MS = 5_000;

export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "loading"; readonly loaded: number }
  | { readonly kind: "live" }
  // `retryAt` in milliseconds since 1970.
  | { readonly kind: "waiting"; readonly retryAt: number; readonly why: string }
  // Nobody looks at the page.
  | { readonly kind: "paused" }
  | { readonly kind: "signedOut" };

// What a failed stream asks for.
export type Remedy = "resume" | "restart" | "signIn";

export interface Stream {
  watch(request: WatchEventsRequest, signal: AbortSignal): AsyncIterable<WatchEventsResponse>;
  // Of what `watch` threw: what to do, and why in words for people.
  judge(error: unknown): { readonly remedy: Remedy; readonly why: string };
}

// Timers and the clock, for tests.
export interface Clock {
  now(): number;
  // Calls back after `ms`; the answer takes that back.
  after(ms: number, then: () => void): () => void;
}

export const REAL_CLOCK: Clock = {
  now: () => Date.now(),
  after: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};

export interface FeedListener {
  onConnection(connection: Connection): void;
  // After each response, with the response.
  onStep(step: Step, response: WatchEventsResponse): void;
}

export class Feed {
  private controller = new AbortController();
  private wake: (() => void) | undefined;
  private wanted = true;
  private stopped = false;

  constructor(
    private readonly follower: Follower,
    private readonly stream: Stream,
    private readonly listener: FeedListener,
    private readonly clock: Clock = REAL_CLOCK,
    private readonly backoff: Backoff = new Backoff(),
  ) {}

  // Returns after stop().
  async run(): Promise<void> {
    while (!this.stopped) {
      if (!this.wanted) {
        this.listener.onConnection({ kind: "paused" });
        await this.untilWoken();
        continue;
      }
      this.listener.onConnection({ kind: "connecting" });
      const failure = await this.once();
      if (this.stopped || !this.wanted) continue;
      if (failure.remedy === "signIn") {
        this.listener.onConnection({ kind: "signedOut" });
        await this.untilWoken();
        continue;
      }
      if (failure.remedy === "restart") this.follower.restart();
      const delay = this.backoff.next();
      this.listener.onConnection({ kind: "waiting", retryAt: this.clock.now() + delay, why: failure.why });
      const cancel = this.clock.after(delay, () => this.wake?.());
      await this.untilWoken();
      cancel();
    }
  }

  // Ends any waiting: the network is back, somebody signed in, or pressed "now".
  retryNow(): void {
    this.backoff.reset();
    this.wake?.();
  }

  // A page that nobody sees gives its connection back: browsers have few for one server.
  setWanted(wanted: boolean): void {
    if (this.wanted === wanted) return;
    this.wanted = wanted;
    if (wanted) this.retryNow();
    else this.abort();
  }

  stop(): void {
    this.stopped = true;
    this.abort();
  }

  private abort(): void {
    this.controller.abort();
    this.wake?.();
  }

  private untilWoken(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = () => {
        this.wake = undefined;
        resolve();
      };
    });
  }

  // One stream, to its end. Every end is a failure: this feed has none of its own.
  private async once(): Promise<{ remedy: Remedy; why: string }> {
    const controller = new AbortController();
    this.controller = controller;
    let silent = false;
    let draining = false;
    let heardSince: number | undefined;
    let cancelSilence = () => {};
    const listen = () => {
      cancelSilence();
      cancelSilence = this.clock.after(SILENCE_MS, () => {
        silent = true;
        controller.abort();
      });
    };
    listen();
    try {
      for await (const response of this.stream.watch(this.follower.request(), controller.signal)) {
        listen();
        heardSince ??= this.clock.now();
        const step = this.follower.take(response);
        this.listener.onStep(step, response);
        if (step.kind === "broken") {
          controller.abort();
          return { remedy: "restart", why: "A part of the feed was missing" };
        }
        if (step.kind === "draining") draining = true;
        this.listener.onConnection(
          step.kind === "loading" ? { kind: "loading", loaded: step.loaded } : { kind: "live" },
        );
      }
      return { remedy: "resume", why: "The server ended the connection" };
    } catch (error) {
      if (silent) return { remedy: "resume", why: "The server has gone silent" };
      if (draining) return { remedy: "resume", why: "The server is stopping" };
      return this.stream.judge(error);
    } finally {
      cancelSilence();
      // One that opens and breaks at once is no better than one that does not open.
      if (heardSince !== undefined && this.clock.now() - heardSince >= LASTING_MS) this.backoff.reset();
    }
  }
}
