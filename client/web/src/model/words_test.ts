import assert from "node:assert/strict";
import { test } from "node:test";
import { Container, Fit, VideoCodec } from "../../gen/spool/v1/job_pb";
import { Backoff } from "./backoff";
import { ago, bytes, clock, duration, percent, plural, shortDuration } from "./format";
import { formatRoute, parseRoute, type Route } from "./route";
import { specText } from "./spec_text";
import { job, LogWriter } from "./testing";
import { Timeline } from "./timeline";

test("lengths of time", () => {
  assert.deepEqual(
    [0, 0.4, 7, 999, 999.6, 4230, 9949, 9950, 42_000, 59_600, 185_000, 3_599_600, 7_440_000, 273_600_000].map(duration),
    [
      "0 ms",
      "0 ms",
      "7 ms",
      "999 ms",
      "1.0 s",
      "4.2 s",
      "9.9 s",
      "10 s",
      "42 s",
      "1 min 00 s",
      "3 min 05 s",
      "1 h 00 min",
      "2 h 04 min",
      "3 d 4 h",
    ],
  );
  assert.deepEqual([0, 500, 1500, 120_000, 3_600_000, 86_400_000].map(shortDuration), [
    "0",
    "500 ms",
    "1.5 s",
    "2 min",
    "1 h",
    "1 d",
  ]);
  assert.deepEqual([0, 42_400, 725_000, 3_725_000].map(clock), ["0:00", "0:42", "12:05", "1:02:05"]);
  assert.deepEqual(
    [10_000, 9_000, -50_000, -290_000, -10_790_000, -200_000_000].map((time) => ago(time, 10_000)),
    ["now", "1 s ago", "1 min ago", "5 min ago", "3 h ago", "2 d ago"],
  );
});

test("sizes, shares and counts", () => {
  assert.deepEqual([0, 912, 4200, 12_345_678, 999_600, 5e12].map(bytes), [
    "0 B",
    "912 B",
    "4.2 kB",
    "12 MB",
    "1.0 MB",
    "5.0 TB",
  ]);
  assert.deepEqual([1, 0.9999, 0.5, 0].map(percent), ["100 %", "99.9 %", "50.0 %", "0.0 %"]);
  assert.equal(plural(1, "job"), "1 job");
  assert.equal(plural(1200, "job"), "1,200 jobs");
});

test("routes survive the address bar", () => {
  const routes: Route[] = [
    { page: "jobs", group: "all", query: "" },
    { page: "jobs", group: "failed", query: 'team="web team" 50% & #1?' },
    { page: "job", id: "resize-a/b c-01#?&%" },
  ];
  for (const route of routes) assert.deepEqual(parseRoute(formatRoute(route)), route);
  assert.equal(parseRoute("#/jobs/%zz").page, "jobs");
  assert.deepEqual(parseRoute("#/?state=nonsense"), { page: "jobs", group: "all", query: "" });
});

test("specs in words", () => {
  assert.equal(
    specText(job({ spec: { case: "resize", value: { width: 800, height: 600, fit: Fit.COVER } } })),
    "800 × 600, cover",
  );
  assert.equal(specText(job({ spec: { case: "resize", value: { width: 800, fit: Fit.COVER } } })), "800 wide");
  assert.equal(
    specText(
      job({
        spec: {
          case: "convert",
          value: { container: Container.WEBM, video: { codec: VideoCodec.AV1, quality: 30 }, audio: { mute: true } },
        },
      }),
    ),
    "WebM, AV1, quality 30, muted",
  );
  assert.equal(
    specText(job({ preset: "hls@1", spec: { case: "outputs", value: { outputs: [{ name: "720p" }] } } })),
    "hls@1",
  );
  assert.equal(specText(job({ spec: { case: "outputs", value: { outputs: [{ name: "720p" }, {}] } } })), "720p, 1");
  assert.equal(specText(job({})), "");
});

test("delays double to a cap, and never come all at once", () => {
  const least = new Backoff(500, 4000, () => 0);
  const most = new Backoff(500, 4000, () => 1);
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => least.next()),
    [250, 500, 1000, 2000, 2000],
  );
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => most.next()),
    [500, 1000, 2000, 4000, 4000],
  );
  most.reset();
  assert.equal(most.next(), 500);
});

test("a timeline is in order and has each event once, wherever it came from", () => {
  const log = new LogWriter();
  const events = [log.queued("a", 1000, 3), log.started("a", 1000, 3500), log.completed("a", 1000, 3500, 5000)];
  const [first, second, third] = events;
  assert.ok(first && second && third);
  const timeline = new Timeline([third, first, second, third]);
  assert.deepEqual(
    timeline.entries.map((entry) => entry.title),
    ["Queued", "Attempt 1 started", "Completed"],
  );
  assert.deepEqual(
    timeline.entries.map((entry) => entry.sinceMs),
    [undefined, 2500, 1500],
  );
  assert.equal(timeline.entries[0]?.note, "number 3 in the queue");
  assert.equal(timeline.cut, false);
  assert.equal(timeline.revision, 3n);
  assert.equal(new Timeline([second]).cut, true);
});
