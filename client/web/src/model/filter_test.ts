import assert from "node:assert/strict";
import { test } from "node:test";
import { JobState, JobType } from "../../gen/spool/v1/job_pb";
import { select, type StateGroup, withTerm } from "./filter";
import { rowOfJob } from "./job";
import { job } from "./testing";

const ROWS = [
  job({ id: "resize-cat-1", videoId: "Cat", state: JobState.RUNNING, labels: { team: "web", batch: "7" } }),
  job({
    id: "convert-dog-2",
    videoId: "dog",
    state: JobState.FAILED,
    type: JobType.CONVERT,
    labels: { team: "mobile" },
    error: { reason: "INVALID_MEDIA" },
  }),
  job({ id: "resize-dog-3", videoId: "dog", state: JobState.SCHEDULED, labels: { team: "web team" } }),
  job({
    id: "sprite-sheet-4",
    videoId: "",
    state: JobState.COMPLETED,
    type: JobType.SPRITE_SHEET,
    input: "in/cat.mp4",
  }),
].map(rowOfJob);

const found = (query: string, group: StateGroup = "all") =>
  select(ROWS, { query, group })
    .rows.map((row) => row.id.slice(-1))
    .join("");

test("words are looked for everywhere, all of them", () => {
  assert.equal(found(""), "1234");
  assert.equal(found("cat"), "14");
  assert.equal(found("DOG"), "23");
  assert.equal(found("dog invalid"), "2");
  assert.equal(found("mobile"), "2");
  assert.equal(found("nothing"), "");
});

test("a term looks in one place", () => {
  assert.equal(found("video:cat"), "1");
  assert.equal(found("job:dog"), "23");
  assert.equal(found("state:fail"), "2");
  assert.equal(found("type:convert"), "2");
  assert.equal(found("type:sprite-sheet"), "4");
  assert.equal(found("reason:invalid"), "2");
  assert.equal(found("label:batch"), "1");
});

test("a label's value is the whole value; without one any will do", () => {
  assert.equal(found("team=web"), "1");
  assert.equal(found('"team=web team"'), "3");
  assert.equal(found('team="web team"'), "3");
  assert.equal(found("team="), "123");
  assert.equal(found("team=we"), "");
});

test("groups and their counts, which follow the query", () => {
  assert.equal(found("", "waiting"), "3");
  assert.equal(found("", "failed"), "2");
  assert.deepEqual(select(ROWS, { query: "dog", group: "running" }).counts, {
    all: 2,
    waiting: 1,
    running: 0,
    completed: 0,
    failed: 1,
    cancelled: 0,
  });
});

test("a query that is odd text is only text", () => {
  assert.equal(found("("), "");
  assert.equal(found('"'), "1234");
  assert.equal(found(":"), "");
});

test("a label is added to a query once", () => {
  assert.equal(withTerm("", "team=web"), "team=web");
  assert.equal(withTerm("cat", "team=web"), "cat team=web");
  assert.equal(withTerm("cat team=web", "team=web"), "cat team=web");
  assert.equal(withTerm("", "team=web team"), '"team=web team"');
});
