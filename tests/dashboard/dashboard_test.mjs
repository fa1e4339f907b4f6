// The dashboard in a real browser, on a real server that does real work.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Dashboard, launch } from "./page.mjs";
import { makeClip, makeToken, scratch, Server } from "./server.mjs";

const spoold = new Server();
let browser;
let shortClip;
// Takes long enough to be watched and stopped.
let longClip;

before(async () => {
  shortClip = makeClip("short clip.mp4", 2, "320x240");
  longClip = makeClip("long.mp4", 120, "640x360");
  await spoold.start();
  spoold.put(longClip, "long.mp4");
  writeFileSync(join(scratch, "broken.mp4"), readFileSync(shortClip).subarray(0, 2000));
  spoold.put(join(scratch, "broken.mp4"), "broken.mp4");
  spoold.put(shortClip, "short.mp4");
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await spoold.kill();
});

const enqueue = (videoId, input, spec, more = {}) =>
  spoold.call("JobService", "Enqueue", { videoId, input, ...spec, ...more }).then((answer) => answer.job);
const slowly = { convert: { container: "CONTAINER_WEBM", video: { codec: "VIDEO_CODEC_VP9", preset: "0" } } };

async function withDashboard(run, options) {
  const dashboard = await Dashboard.open(browser, spoold.http, options);
  await dashboard.live();
  try {
    await run(dashboard, dashboard.page);
    assert.deepEqual(dashboard.complaints, []);
  } finally {
    await dashboard.close();
  }
}

describe("the dashboard", { concurrency: false }, () => {
  test("a dropped clip becomes a job, is watched to its end, and its result plays", async () => {
    await withDashboard(async (dashboard, page) => {
      await dashboard.drop("short clip.mp4", readFileSync(shortClip), "video/mp4");
      const dialog = page.getByRole("dialog", { name: "New job" });
      await dialog.getByText("short clip.mp4").waitFor();
      await dialog.getByLabel("Width").fill("160");
      await dialog.getByLabel("Height").fill("160");
      await dialog.getByText("More").click();
      await dialog.getByLabel("Labels").fill("team=web");
      await dialog.getByRole("button", { name: "Add to the queue" }).click();
      await dialog.waitFor({ state: "detached" });
      const row = page.getByRole("row", { name: /short clip/ });
      await row.getByText("Completed").waitFor();
      await row.getByText("160 × 160").first().waitFor();
      await row.getByRole("link", { name: "short clip" }).click();
      await page.getByRole("heading", { level: 1, name: "short clip" }).waitFor();
      for (const step of ["Queued", "Attempt 1 started", "Completed"]) {
        await page.getByRole("region", { name: "Timeline" }).getByText(step, { exact: true }).waitFor();
      }
      await dashboard.until("the video to play", () => {
        const video = document.querySelector("video");
        if (!video) return false;
        video.muted = true;
        void video.play();
        return video.currentTime > 0.2 && video.videoWidth === 160 && video.videoHeight === 160;
      });
      const link = page.getByRole("link", { name: "Download" });
      const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
      const { job } = await spoold.call("JobService", "GetJob", { jobId: new URL(page.url()).hash.split("/").pop() });
      assert.equal(readFileSync(await download.path()).length, Number(job.result.bytes));
      assert.deepEqual(job.labels, { team: "web" });
    });
  });

  test("a bad field is said at its box, by the form and by the server", async () => {
    await withDashboard(async (_dashboard, page) => {
      await page.getByRole("button", { name: "New job" }).click();
      const dialog = page.getByRole("dialog", { name: "New job" });
      await dialog.getByLabel("Width").fill("1");
      await dialog.getByRole("button", { name: "Add to the queue" }).click();
      await dialog.getByText("A whole number from 2 to 16384.").waitFor();
      await dialog.getByText("Drop or choose a file").waitFor();
      await dialog.getByLabel("Width").fill("100");
      await dialog.getByLabel("Or a path under").fill("../outside.mp4");
      await dialog.getByRole("button", { name: "Add to the queue" }).click();
      await dialog.locator("input[aria-invalid=true]").waitFor();
      assert.equal(await dialog.locator("input[aria-invalid=true]").inputValue(), "../outside.mp4");
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
    });
  });

  test("a failure shows its reason, message and log", async () => {
    const job = await enqueue("broken", "broken.mp4", { convert: { container: "CONTAINER_WEBM" } });
    await withDashboard(async (_dashboard, page) => {
      const row = page.getByRole("row", { name: /broken/ });
      await row.getByText("INVALID_MEDIA").waitFor();
      await row.getByRole("link", { name: "broken" }).click();
      const panel = page.getByRole("region", { name: "Why it failed" });
      await panel.getByText("INVALID_MEDIA").waitFor();
      const { job: failed } = await spoold.call("JobService", "GetJob", { jobId: job.id });
      await panel.getByText(failed.error.message).waitFor();
      assert.match(await panel.locator("pre").innerText(), /moov atom not found/);
    });
  });

  test("one stream brings everything: progress moves, a cancel ends it, a retry begins anew", async () => {
    await withDashboard(async (dashboard, page) => {
      const job = await enqueue("watched", "long.mp4", slowly);
      const running = page.getByRole("region", { name: "Running" });
      await running.getByRole("link", { name: "watched" }).waitFor();
      await dashboard.until("the progress bar to move twice", () => {
        const bar = document.querySelector("[role=progressbar][aria-label='Progress of watched']");
        const value = bar?.getAttribute("aria-valuenow");
        window.seen ??= new Set();
        if (value) window.seen.add(value);
        return window.seen.size >= 3;
      });
      await running.getByText(/fps/).waitFor();
      await running.getByText(/left/).waitFor();
      assert.equal(dashboard.count("JobService/WatchEvents"), 1);
      assert.ok(dashboard.count("QueueService/GetQueueStats") <= 2, dashboard.requests.join("\n"));

      await running.getByRole("button", { name: "Cancel watched" }).click();
      const row = page.getByRole("row", { name: /watched/ });
      await row.getByText("Cancelled").waitFor();
      await row.getByRole("button", { name: "Retry watched" }).click();
      await row.getByText("Running").waitFor();
      await row.getByRole("button", { name: "Cancel watched" }).click();
      await row.getByText("Cancelled").waitFor();
      await page.getByRole("status").filter({ hasText: "watched cancelled." }).waitFor({ state: "attached" });
      const { job: ended } = await spoold.call("JobService", "GetJob", { jobId: job.id });
      assert.equal(ended.state, "JOB_STATE_CANCELLED");
    });
  });

  test("a reload in the middle of a job shows it as it is; a killed server is said, and waited for", async () => {
    const job = await enqueue("survivor", "long.mp4", slowly);
    await withDashboard(async (dashboard, page) => {
      await page.goto(`${spoold.http}/#/jobs/${job.id}`);
      await page.reload();
      await page.getByRole("heading", { level: 1, name: "survivor" }).waitFor();
      await dashboard.until("progress after the reload", () => {
        const bar = document.querySelector("[role=progressbar]");
        return Number(bar?.getAttribute("aria-valuenow")) >= 1;
      });
      const snapshots = dashboard.count("JobService/WatchEvents");
      await spoold.kill();
      await page.getByText("Trying again").waitFor();
      await spoold.start();
      await page.getByText("Live", { exact: true }).waitFor();
      await page.getByRole("region", { name: "Timeline" }).getByText("The server was stopped").waitFor();
      await page.getByRole("region", { name: "Progress" }).waitFor();
      assert.ok(dashboard.count("JobService/WatchEvents") > snapshots);
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.getByText("Cancelled", { exact: true }).first().waitFor();
    });
  });

  test("a paused queue starts nothing, says its order, and goes on", async () => {
    await withDashboard(async (_dashboard, page) => {
      await page.getByRole("button", { name: "Pause the queue" }).click();
      await page.getByText("The queue is paused.").first().waitFor();
      await enqueue("second", "short.mp4", { resize: { width: 64 } });
      await enqueue("first", "short.mp4", { resize: { width: 64 } }, { priority: 5 });
      const next = page.getByRole("region", { name: "Up next" });
      await next.getByRole("link", { name: "second" }).waitFor();
      await next.getByRole("link", { name: "first" }).waitFor();
      assert.deepEqual(await next.getByRole("link").allInnerTexts(), ["first", "second"]);
      await page
        .getByRole("row", { name: /second/ })
        .getByText("number 2 in the queue")
        .waitFor();
      await page.getByRole("button", { name: "Resume the queue" }).click();
      for (const name of ["first", "second"]) {
        await page
          .getByRole("row", { name: new RegExp(name) })
          .getByText("Completed")
          .waitFor();
      }
    });
  });

  test("ten thousand jobs: few rows in the document, all of them within reach", async () => {
    await spoold.call("QueueService", "PauseQueue");
    const requests = Array.from({ length: 10_000 }, (_, index) => ({
      videoId: `bulk-${String(index).padStart(5, "0")}`,
      input: "short.mp4",
      resize: { width: 64 },
      labels: { batch: String(index % 10) },
    }));
    await withDashboard(async (dashboard, page) => {
      // Live, not from the snapshot: the stream brings ten thousand events at once.
      await spoold.call("JobService", "EnqueueBatch", { requests });
      await page.getByRole("button", { name: /^Waiting 10,000/ }).waitFor();
      await page.reload();
      await page.getByRole("button", { name: /^Waiting 10,000/ }).click();
      const rows = page.getByRole("rowgroup").getByRole("row");
      assert.ok((await rows.count()) < 60, `${await rows.count()} rows are in the document`);
      assert.equal(await page.getByRole("table", { name: "Jobs" }).getAttribute("aria-rowcount"), "10001");
      await rows.first().getByRole("link").focus();
      await page.keyboard.press("End");
      await dashboard.until(
        "the oldest job to have the focus",
        () => document.activeElement?.textContent === "bulk-00000",
      );
      await page.keyboard.press("ArrowUp");
      await dashboard.until(
        "the job above it to have the focus",
        () => document.activeElement?.textContent === "bulk-00001",
      );
      assert.ok((await rows.count()) < 60, `${await rows.count()} rows are in the document`);
      // Back from a job's page the list is where it was, and stays there when jobs are added above it.
      const scrolled = await page.evaluate(() => scrollY);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "bulk-00001" }).waitFor();
      await page.getByRole("link", { name: "Jobs", exact: true }).click();
      await dashboard.until(
        "the row to have the focus again",
        () => document.activeElement?.textContent === "bulk-00001",
      );
      assert.equal(await page.evaluate(() => scrollY), scrolled);
      const place = () => page.getByRole("row", { name: /bulk-00001/ }).boundingBox();
      const before = await place();
      await enqueue("later", "short.mp4", { resize: { width: 64 } });
      await page.getByRole("button", { name: /^Waiting 10,001/ }).waitFor();
      assert.deepEqual(await place(), before);
      await page.keyboard.press("/");
      await page.keyboard.type("batch=7 bulk-0123");
      await page.getByRole("button", { name: /^Waiting 1$/ }).waitFor();
      await page.getByRole("row", { name: /bulk-01237/ }).waitFor();
      // Rows learn what events do not tell: for those in view only.
      await page
        .getByRole("row", { name: /bulk-01237/ })
        .getByText("64 wide")
        .waitFor();
      assert.ok(dashboard.count("JobService/ListJobs") < 12, `${dashboard.count("JobService/ListJobs")} calls`);
    });
  });

  test("a server with tokens asks for one, keeps it in a cookie, and says what it does not allow", async () => {
    const locked = new Server();
    const { token, file } = makeToken("read");
    await locked.start([`--token_file=${file}`]);
    const dashboard = await Dashboard.open(browser, locked.http);
    try {
      const { page } = dashboard;
      const dialog = page.getByRole("dialog", { name: "Sign in to Spool" });
      await dialog.getByLabel("Token").fill("not-a-token");
      await dialog.getByRole("button", { name: "Sign in" }).click();
      await dialog.getByText("The server does not know this token.").waitFor();
      await dialog.getByLabel("Token").fill(token);
      await dialog.getByRole("button", { name: "Sign in" }).click();
      await dashboard.live();
      await dialog.waitFor({ state: "detached" });
      assert.deepEqual(await page.evaluate(() => document.cookie), "", "scripts must not see the token");
      await page.reload();
      await dashboard.live();
      await page.getByRole("button", { name: "Pause the queue" }).click();
      await page.getByRole("region", { name: "Messages" }).getByText("Pause the queue:").waitFor();
      await page.getByRole("button", { name: "Sign out" }).click();
      await dialog.waitFor();
      assert.deepEqual(dashboard.complaints, []);
    } finally {
      await dashboard.close();
      await locked.kill();
    }
  });

  for (const colorScheme of ["light", "dark"]) {
    for (const [device, options] of [
      ["a desktop", {}],
      ["a phone", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
    ]) {
      test(`no barriers on ${device} in ${colorScheme}, and nothing wider than the screen`, async () => {
        const { jobs } = await spoold.call("JobService", "ListJobs", {
          filter: { states: ["JOB_STATE_COMPLETED", "JOB_STATE_FAILED"] },
        });
        const byVideo = new Map(jobs.map((job) => [job.videoId, job.id]));
        await withDashboard(
          async (dashboard, page) => {
            const check = async (view) => {
              assert.deepEqual(await dashboard.barriers(), [], view);
              const [inside, across] = await page.evaluate(() => [innerWidth, document.documentElement.scrollWidth]);
              assert.ok(across <= inside, `${view}: ${across} pixels on a screen of ${inside}`);
            };
            await check("the overview");
            for (const video of ["short clip", "broken"]) {
              await page.goto(`${spoold.http}/#/jobs/${byVideo.get(video)}`);
              await page.getByRole("heading", { level: 1, name: video }).waitFor();
              await page.getByRole("region", { name: video === "broken" ? "Why it failed" : "Result" }).waitFor();
              await check(video);
            }
            await page.getByRole("button", { name: "New job" }).click();
            await page.getByRole("dialog").waitFor();
            await check("the form");
          },
          { colorScheme, ...options },
        );
      });
    }
  }
});
