import assert from "node:assert/strict";
import { test } from "node:test";
import type { WatchEventsRequest, WatchEventsResponse } from "../../gen/spool/v1/job_service_pb";
import { Backoff } from "./backoff";
import { type Clock, type Connection, Feed, type Remedy } from "./feed";
import { Follower } from "./follow";
import { batch, LogWriter, opened, snapshot } from "./testing";

// A clock that moves only when a test says so.
class HandClock implements Clock {
  private time = 0;
  private timers: { at: number; then: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(ms: number, then: () => void): () => void {
    const timer = { at: this.time + ms, then };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  advance(ms: number): void {
    this.time += ms;
    const due = this.timers.filter((timer) => timer.at <= this.time);
    this.timers = this.timers.filter((timer) => timer.at > this.time);
    for (const timer of due) timer.then();
  }
}

class Refusal extends Error {
  constructor(readonly remedy: Remedy) {
    super(remedy);
  }
}

// A server whose streams the test opens, feeds and ends.
class HandServer {
  readonly requests: WatchEventsRequest[] = [];
  private ready: (() => void) | undefined;
  private pieces: (WatchEventsResponse | Error | "end")[] = [];

  async *watch(request: WatchEventsRequest, signal: AbortSignal): AsyncGenerator<WatchEventsResponse> {
    this.requests.push(request);
    this.pieces = [];
    signal.addEventListener("abort", () => this.ready?.());
    for (;;) {
      if (signal.aborted) throw new Error("aborted");
      const piece = this.pieces.shift();
      if (piece === "end") return;
      if (piece instanceof Error) throw piece;
      if (piece) yield piece;
      else await new Promise<void>((resolve) => (this.ready = resolve));
    }
  }

  judge(error: unknown): { remedy: Remedy; why: string } {
    return { remedy: error instanceof Refusal ? error.remedy : "resume", why: "refused" };
  }

  async send(...pieces: (WatchEventsResponse | Error | "end")[]): Promise<void> {
    this.pieces.push(...pieces);
    this.ready?.();
    await settle();
  }
}

// Lets everything run that waits for nothing but other promises.
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

function start() {
  const clock = new HandClock();
  const server = new HandServer();
  const follower = new Follower();
  const states: Connection[] = [];
  const feed = new Feed(
    follower,
    server,
    { onConnection: (connection) => states.push(connection), onStep: () => {} },
    clock,
    new Backoff(1000, 8000, () => 1),
  );
  const running = feed.run();
  const last = () => states[states.length - 1];
  return { clock, server, follower, feed, last, running };
}

test("live after the snapshot; a lost stream is resumed with the last token after a delay", async () => {
  const { clock, server, last } = start();
  const log = new LogWriter();
  await settle();
  assert.equal(last()?.kind, "connecting");
  await server.send(...snapshot([], 0n));
  assert.equal(last()?.kind, "live");
  await server.send(batch(0n, [log.queued("a", 1, 1)]));
  await server.send(new Error("connection reset"));
  assert.deepEqual(last(), { kind: "waiting", retryAt: 1000, why: "refused" });
  assert.equal(server.requests.length, 1);
  clock.advance(999);
  await settle();
  assert.equal(server.requests.length, 1);
  clock.advance(1);
  await settle();
  assert.deepEqual(server.requests[1]?.start, { case: "resumeToken", value: "t1" });
});

test("delays double until a stream lasts", async () => {
  const { clock, server, last } = start();
  const delays: number[] = [];
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await settle();
    await server.send(new Error("refused"));
    const state = last();
    assert.equal(state?.kind, "waiting");
    delays.push(state.retryAt - clock.now());
    clock.advance(8000);
  }
  assert.deepEqual(delays, [1000, 2000, 4000, 8000, 8000]);
  await settle();
  await server.send(...snapshot([], 0n), new Error("lost at once"));
  assert.deepEqual(last(), { kind: "waiting", retryAt: clock.now() + 8000, why: "refused" });
  clock.advance(8000);
  await settle();
  await server.send(opened(0n));
  clock.advance(5000);
  await server.send(new Error("lost"));
  assert.deepEqual(last(), { kind: "waiting", retryAt: clock.now() + 1000, why: "refused" });
});

test("a silent stream is ended and resumed", async () => {
  const { clock, server, last } = start();
  await settle();
  await server.send(...snapshot([], 0n));
  clock.advance(29_999);
  await settle();
  assert.equal(last()?.kind, "live");
  await server.send(batch(0n, []));
  clock.advance(29_999);
  await settle();
  assert.equal(last()?.kind, "live", "a heartbeat is heard too");
  clock.advance(1);
  await settle();
  const state = last();
  assert.equal(state?.kind, "waiting");
  assert.match(state.why, /silent/);
});

test("where a token cannot help, the next stream starts with a snapshot", async () => {
  const { clock, server } = start();
  await settle();
  await server.send(...snapshot([], 0n), new Refusal("restart"));
  clock.advance(1000);
  await settle();
  assert.equal(server.requests[1]?.start.case, "startAt");
});

test("a hole in the coverage ends the stream and starts over", async () => {
  const { clock, server, last } = start();
  const log = new LogWriter();
  await settle();
  await server.send(...snapshot([], 0n), batch(5n, [log.queued("a", 1, 1)]));
  assert.equal(last()?.kind, "waiting");
  clock.advance(1000);
  await settle();
  assert.equal(server.requests[1]?.start.case, "startAt");
});

test("signed out waits for a sign-in, not for time", async () => {
  const { clock, server, feed, last } = start();
  await settle();
  await server.send(new Refusal("signIn"));
  assert.equal(last()?.kind, "signedOut");
  clock.advance(3_600_000);
  await settle();
  assert.equal(server.requests.length, 1);
  feed.retryNow();
  await settle();
  assert.equal(server.requests.length, 2);
});

test("a page that nobody sees lets go of its stream and resumes it", async () => {
  const { server, feed, last } = start();
  await settle();
  await server.send(...snapshot([], 4n));
  feed.setWanted(false);
  await settle();
  assert.equal(last()?.kind, "paused");
  feed.setWanted(true);
  await settle();
  assert.deepEqual(server.requests[1]?.start, { case: "resumeToken", value: "t4" });
  await server.send(opened(4n));
  assert.equal(last()?.kind, "live");
});

test("an end is a failure too, and stop is the last word", async () => {
  const { server, feed, last, running } = start();
  await settle();
  await server.send(...snapshot([], 0n), "end");
  assert.equal(last()?.kind, "waiting");
  feed.stop();
  await running;
});
