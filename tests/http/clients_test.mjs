// Everyone's client, all at once, through two kills: each must see every event, once, in order, and a token of any of
// them must resume any other.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { PATIENCE_MS, Spoold, within } from "../support/spoold.mjs";

const [program, tools] = process.argv.slice(2);
const buf = resolve(tools, "buf");
const protos = resolve("protos");
const require = createRequire(resolve(tools, "package.json"));
const { chromium } = require("playwright-core");
const { connectNode } = await import(resolve("tests/http/node_clients.mjs"));

const server = new Spoold(program);
// What each client was told: sequences in order, and the token that came with each response.
const seen = new Map();
const tokens = new Map();
let wake = () => {};

function tell(name, sequences, token) {
  if (!seen.has(name)) seen.set(name, []);
  seen.get(name).push(...sequences);
  if (token) tokens.set(name, token);
  wake();
}

// Until every client has been told of `sequence`.
function all(names, sequence) {
  const behind = () => names.filter((name) => (seen.get(name) ?? []).at(-1) !== sequence);
  const done = new Promise((resolve) => {
    wake = () => behind().length === 0 && resolve();
    wake();
  });
  return within(`event ${sequence}`, done).catch((error) => {
    throw new Error(`${error.message}; behind: ${behind().map((name) => `${name} at ${(seen.get(name) ?? []).at(-1)}`)}`);
  });
}

const children = new Set();

// A program that prints what comes; started again from its last token when it ends.
function run(name, token, command, take) {
  let ended = false;
  const start = () => {
    const child = spawn(...command(token), { stdio: ["ignore", "pipe", "ignore"] });
    children.add(child);
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => take(line, (sequences, next) => {
      if (next) token = next;
      tell(name, sequences, token);
    }));
    child.once("close", () => {
      children.delete(child);
      if (!ended) setTimeout(start, 50);
    });
  };
  start();
  return () => (ended = true);
}

function followWithCurl(name, token) {
  let id = "";
  return run(
    name,
    token,
    (from) => ["curl", ["-sN", "-H", from ? `Last-Event-ID: ${from}` : "X-None: 1",
      `${server.http}/v1/events?after_sequence=0&heartbeat=1`]],
    (line, took) => {
      if (line.startsWith("id: ")) id = line.slice(4);
      if (line.startsWith("data: ")) took([Number(JSON.parse(line.slice(6)).sequence)], id);
    },
  );
}

// buf prints JSON over many lines: each response ends with a brace in the first column.
function followWithBuf(name, token, protocol) {
  let text = "";
  return run(
    name,
    token,
    (from) => {
      text = "";
      const request = { ...(from ? { resumeToken: from } : { afterSequence: "0" }), heartbeatInterval: "1s" };
      const base = protocol === "grpc" ? `http://${server.grpc}` : server.http;
      return [buf, ["curl", "--schema", protos, "--protocol", protocol,
        ...(protocol === "grpc" ? ["--http2-prior-knowledge"] : []),
        "-d", JSON.stringify(request), `${base}/spool.v1.JobService/WatchEvents`]];
    },
    (line, took) => {
      text += `${line}\n`;
      if (line !== "}") return;
      const response = JSON.parse(text);
      text = "";
      took((response.events ?? []).map((event) => Number(event.sequence)), response.coverage?.resumeToken ?? "");
    },
  );
}

async function enqueue(jobs) {
  const requests = Array.from({ length: jobs }, (_, i) => ({
    input: "none.mp4",
    videoId: `v${i % 7}`,
    resize: { width: 64 },
    retryPolicy: { maxRetries: 0 },
  }));
  await server.call("JobService", "EnqueueBatch", { requests });
}

// Where the log ends when nothing is left to do.
async function settledHead() {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await fetch(`${server.http}/spool.v1.QueueService/GetQueueStats?encoding=json&message=%7B%7D`);
    const stats = await answer.json();
    const jobs = stats.jobs ?? {};
    if (!jobs.queued && !jobs.running && !jobs.scheduled) return Number(stats.headSequence);
    assert.ok(Date.now() < end, `jobs go on: ${JSON.stringify(jobs)}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const stops = [];
try {
  await server.start();
  // One page for each: browsers open no more than six HTTP/1.1 connections to one origin for all pages of one profile,
  // so each page also gets a profile of its own.
  const pageOf = async () => {
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    await page.exposeFunction("tell", tell);
    await page.goto(`${server.http}/healthz`);
    await page.addScriptTag({ path: resolve("tests/http/page_clients.js") });
    return page;
  };
  const first = await pageOf();
  const inPages = await first.evaluate("clientNames");
  const follow = {};
  for (const name of inPages) {
    follow[name] = async (as, token) => {
      const page = await pageOf();
      await page.evaluate(([base, which, from, label]) => {
        const original = window.tell;
        window.tell = (_, sequences, next) => original(label, sequences, next);
        window.follow(base, which, from);
      }, [server.http, name, token, as]);
    };
  }
  for (const transport of ["connect", "gRPC-Web", "gRPC"]) {
    follow[`connect-node, ${transport}`] = async (as, token) =>
      void connectNode(transport, server.http, server.grpc, token, (sequences, next) => tell(as, sequences, next));
  }
  follow["curl"] = async (as, token) => stops.push(followWithCurl(as, token));
  for (const protocol of ["connect", "grpcweb", "grpc"]) {
    follow[`buf curl, ${protocol}`] = async (as, token) => stops.push(followWithBuf(as, token, protocol));
  }
  const names = Object.keys(follow);
  for (const name of names) await follow[name](name, "");

  await enqueue(40);
  let head = await settledHead();
  await all(names, head);
  for (const round of [1, 2]) {
    await enqueue(40); // some of it is under way when the server dies
    await server.kill();
    await server.start();
    await enqueue(10);
    head = await settledHead();
    await all(names, head);
    console.log(`after kill ${round}: ${names.length} clients at event ${head}`);
  }
  const wanted = Array.from({ length: head }, (_, i) => i + 1);
  for (const name of names) assert.deepEqual(seen.get(name), wanted, name);

  // Each client, begun again with the last token of the next one.
  const heads = head;
  const copies = names.map((name) => `${name}, again`);
  for (let i = 0; i < names.length; ++i) await follow[names[i]](copies[i], tokens.get(names[(i + 1) % names.length]));
  await enqueue(5);
  head = await settledHead();
  await all(copies, head);
  const rest = Array.from({ length: head - heads }, (_, i) => heads + i + 1);
  for (const copy of copies) assert.deepEqual(seen.get(copy), rest, copy);
  console.log(`tokens went round: ${names.join("; ")}`);

  const metrics = await fetch(`${server.http}/metrics`);
  assert.equal(metrics.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const promtool = spawnSync("promtool", ["check", "metrics"], { input: await metrics.text(), encoding: "utf8" });
  assert.deepEqual([promtool.error, promtool.status, promtool.stderr], [undefined, 0, ""]);
  console.log("promtool has nothing to say of /metrics");

  await server.kill("SIGTERM");
} finally {
  for (const stop of stops) stop();
  for (const child of children) child.kill("SIGKILL");
  await browser.close();
  await server.kill();
}
process.exit(0);
