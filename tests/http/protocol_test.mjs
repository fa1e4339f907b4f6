// What the protocols' own pages say of bodies that are compressed and of time that is over, byte by byte: clients of
// others, as in clients_test, send neither. https://connectrpc.com/docs/protocol,
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { Spoold, within } from "../support/spoold.mjs";

const [program] = process.argv.slice(2);
const server = new Spoold(program);

const COMPRESSED = 1;
const CONNECT_END = 2;
const WEB_TRAILERS = 0x80;

function frame(payload, flags = 0) {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(payload.length, 1);
  return Buffer.concat([head, Buffer.from(payload)]);
}

function framesOf(body) {
  const frames = [];
  while (body.length > 0) {
    assert.ok(body.length >= 5, "a frame's head is cut short");
    const size = body.readUInt32BE(1);
    assert.ok(body.length >= 5 + size, "a frame is cut short");
    frames.push({ flags: body[0], payload: body.subarray(5, 5 + size) });
    body = body.subarray(5 + size);
  }
  return frames;
}

// The details of an error in Connect's JSON: each has a type, and its value in base64 without padding.
function reasonOf(error) {
  const info = (error.details ?? []).find((detail) => detail.type === "google.rpc.ErrorInfo");
  return info?.debug?.reason;
}

async function send(path, headers, body, method = "POST") {
  return within(`an answer of ${path}`, (async () => {
    const answer = await fetch(`${server.http}${path}`, { method, headers, body });
    return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
  })());
}

const LIST = "/spool.v1.JobService/ListEvents";
const WATCH = "/spool.v1.JobService/WatchEvents";
// Nothing happens in this server, so each of these waits.
const LONG_POLL = JSON.stringify({ wait: "20s" });

// How a call ended, whichever protocol it went by: its messages, and the code in Connect's words. What must be true of
// every answer is checked on the way.
const CODES = { 3: "invalid_argument", 4: "deadline_exceeded", 12: "unimplemented", 13: "internal" };
const HTTP_STATUS = { invalid_argument: 400, deadline_exceeded: 504, unimplemented: 501, internal: 500 };

const protocols = {
  connect: {
    streams: false,
    type: "application/json",
    encoding: "content-encoding",
    timeout: (milliseconds) => ({ "connect-timeout-ms": `${milliseconds}` }),
    pack: (message) => message,
    end(answer) {
      const error = JSON.parse(answer.body.toString());
      assert.equal(answer.headers.get("content-type"), "application/json");
      assert.equal(answer.status, HTTP_STATUS[error.code], `the HTTP status of ${error.code}`);
      return { messages: 0, code: error.code, text: error.message, reason: reasonOf(error) };
    },
  },
  "connect, a stream": {
    streams: true,
    type: "application/connect+json",
    encoding: "connect-content-encoding",
    timeout: (milliseconds) => ({ "connect-timeout-ms": `${milliseconds}` }),
    pack: frame,
    end(answer) {
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("content-type"), "application/connect+json");
      const frames = framesOf(answer.body);
      const last = frames.pop();
      assert.equal(last.flags, CONNECT_END, "the last frame");
      assert.deepEqual(frames.filter(({ flags }) => flags !== 0), [], "frames before the last");
      const { error } = JSON.parse(last.payload.toString());
      return { messages: frames.length, code: error.code, text: error.message, reason: reasonOf(error) };
    },
  },
};
for (const text of [false, true]) {
  const type = `application/grpc-web${text ? "-text" : ""}+json`;
  protocols[`gRPC-Web${text ? ", as text" : ""}`] = {
    streams: undefined, // both
    type,
    encoding: "grpc-encoding",
    timeout: (milliseconds) => ({ "grpc-timeout": `${milliseconds}m` }),
    pack: (message, flags) => {
      const bytes = frame(message, flags);
      return text ? bytes.toString("base64") : bytes;
    },
    end(answer) {
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("content-type"), type);
      // Stretches of base64, each with its own padding.
      const body = text
        ? Buffer.concat(answer.body.toString().match(/[^=]+=*/g).map((part) => Buffer.from(part, "base64")))
        : answer.body;
      const frames = framesOf(body);
      const last = frames.pop();
      assert.equal(last.flags, WEB_TRAILERS, "the last frame");
      assert.deepEqual(frames.filter(({ flags }) => flags !== 0), [], "frames before the last");
      const lines = last.payload.toString().trim().split("\r\n");
      const trailers = new Map(lines.map((line) => /^([^:]+): (.*)$/.exec(line).slice(1)));
      const details = Buffer.from(trailers.get("grpc-status-details-bin"), "base64").toString("latin1");
      return {
        messages: frames.length,
        code: CODES[trailers.get("grpc-status")] ?? trailers.get("grpc-status"),
        text: decodeURIComponent(trailers.get("grpc-message")),
        reason: /\b(DEADLINE_EXCEEDED|ENCODING_UNKNOWN|REQUEST_MALFORMED|TIMEOUT_MALFORMED)\b/.exec(details)?.[0],
      };
    },
  };
}

function methodsOf({ streams }) {
  return streams === undefined ? [LIST, WATCH] : [streams ? WATCH : LIST];
}

// A body that is compressed as its header says, or only said to be; both are refused, and nothing of it is guessed.
async function compressedBodiesAreRefused(name, protocol) {
  for (const path of methodsOf(protocol)) {
    for (const encoding of ["gzip", "br", "no-such-encoding"]) {
      const body = protocol.pack(gzipSync("{}"), COMPRESSED);
      const headers = { "content-type": protocol.type, [protocol.encoding]: encoding };
      const end = protocol.end(await send(path, headers, body));
      assert.equal(end.code, "unimplemented", `${name} ${path} ${encoding}`);
      assert.equal(end.reason, "ENCODING_UNKNOWN");
      // A client can see what it may send.
      assert.match(end.text, new RegExp(`${protocol.encoding} "${encoding}" .*supported: identity`));
      assert.equal(end.messages, 0);
    }
    // The whole body, as a proxy or a library may do it without the protocol's knowledge.
    const whole = protocol.end(
      await send(path, { "content-type": protocol.type, "content-encoding": "gzip" }, gzipSync(protocol.pack("{}"))),
    );
    assert.deepEqual([whole.code, whole.reason], ["unimplemented", "ENCODING_UNKNOWN"], `${name} ${path}`);
    // What needs no decoding may be said to have none.
    const plain = protocol.end(
      await send(path, { "content-type": protocol.type, [protocol.encoding]: "identity", ...protocol.timeout(0) },
        protocol.pack(path === LIST ? LONG_POLL : "{}")),
    );
    assert.equal(plain.code, "deadline_exceeded", `${name} ${path}`);
    if (protocol.pack("", 0) === "") continue; // no frames, no flags
    const flagged = protocol.end(
      await send(path, { "content-type": protocol.type }, protocol.pack(gzipSync("{}"), COMPRESSED)),
    );
    assert.deepEqual([flagged.code, flagged.reason], ["internal", "REQUEST_MALFORMED"], `${name} ${path}`);
    assert.match(flagged.text, /compressed/);
  }
}

// The time that a client gives a call passes while the server has nothing to tell.
async function deadlinesEndCalls(name, protocol) {
  for (const path of methodsOf(protocol)) {
    const request = protocol.pack(path === LIST ? LONG_POLL : "{}");
    for (const milliseconds of [0, 50]) {
      const headers = { "content-type": protocol.type, ...protocol.timeout(milliseconds) };
      const end = protocol.end(await send(path, headers, request));
      assert.deepEqual([end.code, end.reason], ["deadline_exceeded", "DEADLINE_EXCEEDED"], `${name} ${path}`);
      if (path === LIST) assert.equal(end.messages, 0, "a unary call has an answer or an error");
    }
    for (const milliseconds of ["soon", "-1", "123456789012"]) {
      const headers = { "content-type": protocol.type, ...protocol.timeout(milliseconds) };
      const end = protocol.end(await send(path, headers, request));
      assert.deepEqual([end.code, end.reason], ["invalid_argument", "TIMEOUT_MALFORMED"], `${name} ${milliseconds}`);
    }
  }
}

async function getsAreNoExceptions() {
  const query = `encoding=json&message=${encodeURIComponent(LONG_POLL)}`;
  const compressed = await send(`${LIST}?${query}&compression=gzip`, {}, undefined, "GET");
  assert.deepEqual([compressed.status, protocols.connect.end(compressed).code], [501, "unimplemented"]);
  const late = await send(`${LIST}?${query}`, protocols.connect.timeout(50), undefined, "GET");
  assert.deepEqual([late.status, protocols.connect.end(late).code], [504, "deadline_exceeded"]);
}

// A file that is compressed on the way would be stored as what it is not.
async function compressedUploadsAreRefused() {
  const path = "/v1/media?file_name=a.mp4";
  const refused = await send(path, { "content-encoding": "gzip" }, gzipSync("a film"), "PUT");
  assert.equal(refused.status, 415, refused.body.toString());
  assert.equal(refused.headers.get("accept-encoding"), "identity");
  assert.equal(JSON.parse(refused.body.toString()).code, "unimplemented");
  const taken = await send(path, { "content-encoding": "identity" }, Buffer.from("a film"), "PUT");
  assert.equal(taken.status, 201, taken.body.toString());
}

try {
  await server.start();
  for (const [name, protocol] of Object.entries(protocols)) {
    await compressedBodiesAreRefused(name, protocol);
    await deadlinesEndCalls(name, protocol);
  }
  await getsAreNoExceptions();
  await compressedUploadsAreRefused();
  // It took no harm.
  assert.equal((await server.call("QueueService", "GetQueueStats")).slots > 0, true);
  await server.kill("SIGTERM");
  console.log(`${Object.keys(protocols).join("; ")}: compressed bodies refused, deadlines kept`);
} finally {
  await server.kill();
}
process.exit(0);
