// Clients that take for ever over their heads, calls, uploads and downloads, or have nothing to say. Each ends by the
// limit that is meant for it, and not before (server/OPERATING.md has them). Takes as long as the longest limit, 75 s.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { PATIENCE_MS, Spoold, within } from "../support/spoold.mjs";

const [program] = process.argv.slice(2);
const server = new Spoold(program);

// `begin` is of performance.now(). A limit's time may come late on a busy machine, but never early.
function notBefore(seconds, begin, what) {
  const took = (performance.now() - begin) / 1000;
  assert.ok(took > seconds - 0.5, `${what} ended after ${took} s`);
  console.log(`${what}: ${took.toFixed(1)} s`);
}

// A connection that says this: `end` is what came back by its end.
function speak(text) {
  const { hostname, port } = new URL(server.http);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(text);
  const parts = [];
  socket.on("data", (bytes) => parts.push(bytes));
  const end = new Promise((done) => {
    socket.on("error", () => {}); // the server may close before it has read everything
    socket.on("close", () => done(Buffer.concat(parts)));
  });
  return { socket, end };
}

function head(line, more = "") {
  return `${line} HTTP/1.1\r\nHost: ${new URL(server.http).host}\r\n${more}`;
}

function startUpload() {
  return speak(head("PUT /v1/media?file_name=a.mp4", "Content-Type: video/mp4\r\nContent-Length: 1000000\r\n\r\n"));
}

async function halfAHead() {
  const begin = performance.now();
  const answer = await within("the end of half a head", speak(head("GET /v1/events")).end);
  assert.equal(answer.length, 0);
  notBefore(10, begin, "half a head");
}

async function uploadOfNothing() {
  const begin = performance.now();
  await within("the end of an upload of nothing", startUpload().end);
  notBefore(30, begin, "an upload of nothing");
}

// True to the protocol, and for ever: more of them than the server has places for.
async function tricklers() {
  const begin = performance.now();
  let refused = 0;
  let tooSlow = 0;
  const trickle = async () => {
    const { socket, end } = startUpload();
    const timer = setInterval(() => socket.write("0123456789"), 1000);
    const answer = String(await within("the end of a trickling upload", end));
    clearInterval(timer);
    if (answer.startsWith("HTTP/1.1 429 ")) {
      assert.match(answer, /"reason":"TRANSFER_LIMIT"/);
      refused += 1;
    } else {
      assert.match(answer, /^HTTP\/1.1 408 .*"less than 64 KiB came within 1m.*"reason":"UPLOAD_TOO_SLOW"/s);
      if (tooSlow === 0) notBefore(60, begin, "the first trickling upload");
      tooSlow += 1;
    }
  };
  await Promise.all(Array.from({ length: 100 }, trickle));
  console.log(`${refused} uploads found no place, ${tooSlow} lost theirs`);
  assert.ok(refused > 0 && tooSlow > 0);
}

// A call that never comes to its end would hold its part of the memory that there is for all of them.
async function tricklingCall() {
  const begin = performance.now();
  const { socket, end } = speak(
    head("POST /spool.v1.JobService/GetJob", "Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"),
  );
  const timer = setInterval(() => socket.write("          "), 1000);
  const answer = String(await within("the end of a trickling call", end));
  clearInterval(timer);
  assert.match(answer, /^HTTP\/1.1 408 .*"reason":"REQUEST_TOO_SLOW"/s);
  notBefore(60, begin, "a trickling call");
}

async function idleConnection() {
  const begin = performance.now();
  const { socket, end } = speak(head("GET /healthz", "\r\n"));
  await within("an answer", once(socket, "data"));
  await within("the end of an idle connection", end);
  notBefore(75, begin, "an idle connection");
}

// The first frame is the request; this one sends none.
async function silentWebSocket() {
  const begin = performance.now();
  const key = randomBytes(16).toString("base64");
  const { socket, end } = speak(
    head(
      "GET /v1/events/ws",
      `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    ),
  );
  const [first] = await within("a WebSocket", once(socket, "data"));
  assert.match(String(first), /^HTTP\/1.1 101 /);
  await within("the end of a silent WebSocket", end);
  notBefore(10, begin, "a silent WebSocket");
}

async function fileOfNoise() {
  const side = 3000;
  const picture = Buffer.concat([Buffer.from(`P6\n${side} ${side}\n255\n`), randomBytes(side * side * 3)]);
  const put = await fetch(`${server.http}/v1/media?file_name=noise.ppm`, { method: "PUT", body: picture });
  assert.equal(put.status, 201, await put.clone().text());
  const { mediaId } = await put.json();
  const convert = { container: "CONTAINER_PNG" };
  const { job } = await server.call("JobService", "Enqueue", { videoId: "noise", input: mediaId, convert });
  for (let tries = 0; ; ++tries) {
    const { state, error } = (await server.call("JobService", "GetJob", { jobId: job.id })).job;
    if (state === "JOB_STATE_COMPLETED") return job.id;
    assert.ok(state !== "JOB_STATE_FAILED" && tries < 600, JSON.stringify(error));
    await new Promise((done) => setTimeout(done, 200));
  }
}

// Whether the server has closed its end of this connection. A client that does not read cannot tell by its own.
function isClosedByServer(socket) {
  const portOf = (address) => parseInt(address.split(":")[1], 16);
  const rows = readFileSync("/proc/net/tcp", "utf8").trim().split("\n").slice(1);
  const row = rows
    .map((text) => text.trim().split(/\s+/))
    .find(([, local, remote]) => portOf(local) === socket.remotePort && portOf(remote) === socket.localPort);
  // A socket that nobody has open any more has no inode.
  return row === undefined || row[9] === "0";
}

// Asks for the file over HTTP and takes none of it but what the buffers on the way hold. Begun when this is answered;
// the answer waits for its end.
async function unreadDownload(job) {
  const begin = performance.now();
  const { socket, end } = speak(head(`GET /v1/jobs/${job}/media`, "\r\n"));
  await within("the download's first bytes", once(socket, "data"));
  socket.pause();
  assert.ok(!isClosedByServer(socket));
  return async () => {
    while (!isClosedByServer(socket)) {
      assert.ok(performance.now() - begin < PATIENCE_MS, "the download goes on");
      await new Promise((done) => setTimeout(done, 100));
    }
    notBefore(60, begin, "an unread download");
    socket.resume();
    const answer = await within("what had been sent", end);
    const size = Number(/Content-Length: (\d+)/i.exec(answer.toString("latin1", 0, 2000))[1]);
    assert.ok(answer.length < size, `all ${size} bytes came`);
  };
}

// The same over gRPC.
async function unreadCall(job) {
  const begin = performance.now();
  const session = connectHttp2(`http://${server.grpc}`);
  const call = session.request({
    ":method": "POST",
    ":path": "/spool.v1.MediaService/DownloadMedia",
    "content-type": "application/grpc",
    te: "trailers",
  });
  const message = Buffer.concat([Buffer.from([0x0a, job.length]), Buffer.from(job)]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  call.end(Buffer.concat([prefix, message]));
  const [response] = await within("the call's first bytes", once(call, "response"));
  assert.equal(response["grpc-status"], undefined, "it goes on");
  return async () => {
    const [trailers] = await within("the end of an unread call", once(call, "trailers"));
    assert.equal(trailers["grpc-status"], "1", "CANCELLED");
    notBefore(60, begin, "an unread call");
    session.destroy();
  };
}

try {
  await server.start();
  const job = await fileOfNoise();
  // These first: the uploads leave no place.
  const downloadsEnd = await unreadDownload(job);
  const callsEnd = await unreadCall(job);
  await Promise.all([
    halfAHead(),
    uploadOfNothing(),
    tricklers(),
    tricklingCall(),
    idleConnection(),
    silentWebSocket(),
    downloadsEnd(),
    callsEnd(),
  ]);
  // There is a place again.
  const put = await fetch(`${server.http}/v1/media?file_name=a.mp4`, { method: "PUT", body: Buffer.from("a film") });
  assert.equal(put.status, 201, await put.text());
  await server.kill("SIGTERM");
} finally {
  await server.kill();
}
process.exit(0);
