import assert from "node:assert/strict";
import { test } from "node:test";
import { Container, Fit, VideoCodec } from "../../gen/spool/v1/job_pb";
import { check, EMPTY_FORM, fieldFor, type JobForm, parseLabels, requestOf, videoIdFor } from "./job_form";

const form = (changes: Partial<JobForm>): JobForm => ({ ...EMPTY_FORM, ...changes });

test("the form as it opens makes a resize that needs nothing more", () => {
  assert.equal(check(EMPTY_FORM).size, 0);
  const request = requestOf(EMPTY_FORM, "upload:1", "my clip.final.mp4", "id");
  assert.equal(request.videoId, "my clip.final");
  assert.equal(request.requestId, "id");
  assert.equal(request.input, "upload:1");
  assert.equal(request.spec.case, "resize");
  assert.equal(request.spec.value.width, 1280);
  assert.equal(request.spec.value.height, 0);
  assert.equal(request.spec.value.fit, Fit.UNSPECIFIED, "a fit goes with both dimensions only");
  assert.equal(request.spec.value.video, undefined);
});

test("what is wrong is said of the box that it is in", () => {
  assert.deepEqual([...check(form({ width: "", height: "" })).keys()], ["width"]);
  assert.deepEqual([...check(form({ width: "1", height: "x" })).keys()], ["width", "height"]);
  assert.deepEqual([...check(form({ work: "convert" })).keys()], ["container"]);
  assert.deepEqual([...check(form({ work: "preset" })).keys()], ["preset"]);
  assert.deepEqual(
    [...check(form({ labels: "Team=web", priority: "1001", quality: "0" })).keys()],
    ["quality", "priority", "labels"],
  );
});

test("a convert with everything set", () => {
  const request = requestOf(
    form({
      work: "convert",
      container: Container.WEBM,
      videoCodec: VideoCodec.AV1,
      quality: "30",
      mute: true,
      videoId: " v ",
      priority: "-5",
      labels: "a=1, b=x=y\nc=",
    }),
    "clip.mp4",
    "clip.mp4",
    "id",
  );
  assert.equal(request.videoId, "v");
  assert.equal(request.priority, -5);
  assert.deepEqual(request.labels, { a: "1", b: "x=y", c: "" });
  assert.equal(request.spec.case, "convert");
  assert.equal(request.spec.value.container, Container.WEBM);
  assert.equal(request.spec.value.video?.quality, 30);
  assert.equal(request.spec.value.audio?.mute, true);
});

test("labels", () => {
  assert.deepEqual(parseLabels(""), new Map());
  assert.equal(parseLabels("no value"), undefined);
  assert.equal(parseLabels("=x"), undefined);
});

test("a video id fits into what the API takes", () => {
  assert.equal(videoIdFor("a\u0007b.mp4"), "a b");
  assert.equal(videoIdFor("archive"), "archive");
  assert.equal(new TextEncoder().encode(videoIdFor("é".repeat(200))).length, 128);
  assert.equal(videoIdFor(`a${"🎬".repeat(200)}`), `a${"🎬".repeat(31)}`);
});

test("fields of the API find their boxes", () => {
  assert.equal(fieldFor("resize.width"), "width");
  assert.equal(fieldFor("convert.video.codec"), "videoCodec");
  assert.equal(fieldFor("convert.audio.codec"), "audioCodec");
  assert.equal(fieldFor("labels[team]"), "labels");
  assert.equal(fieldFor("video_id"), "videoId");
  assert.equal(fieldFor("retry_policy.max_backoff"), undefined);
});
