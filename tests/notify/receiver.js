#!/usr/bin/env node
// A receiver of webhooks that may behave badly, and a journal of what came.
//
//   receiver.js PORT SECRET JOURNAL BEHAVIOUR [KEY CERTIFICATE]
//
// PORT 0 picks one; "ready PORT" is printed once it listens. BEHAVIOUR is "good", a status such as "410", or "SEED":
// half of the requests are then taken, and the others fail in every way there is. With KEY and CERTIFICATE it speaks
// TLS. A line of JOURNAL is written before a request is answered: whether it is genuine by the published Standard
// Webhooks library, whether it is taken, id, media type, and the body, separated by tabs.
"use strict";

const fs = require("fs");
const http = require("http");
const https = require("https");
const { Webhook } = require("standardwebhooks");

const [port, secret, journal, behaviour, key, certificate] = process.argv.slice(2);

let state = Number(behaviour) || 0;
function random(below) {
  state = (state * 1103515245 + 12345) % 2147483648;
  return Math.floor((state / 2147483648) * below);
}

// Each ends the request without it being taken.
const failures = [
  (request, response) => response.writeHead(500, { "Content-Length": 4 }).end("oops"),
  (request, response) => response.writeHead(503, { "Retry-After": "0" }).end(),
  (request, response) => response.writeHead(302, { Location: "/elsewhere" }).end(),
  (request, response) => response.writeHead(404).end(),
  // Hangs, and goes on hanging after it has begun.
  () => {},
  (request, response) => response.writeHead(200, { "Content-Length": 10 }).write("begun"),
  // Lies about its length.
  (request) => request.socket.end("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort"),
  // Closes early.
  (request) => request.socket.destroy(),
  (request) => request.socket.end("HTTP/1.1 200"),
  // Is something else.
  (request) => request.socket.end("220 mail.example ESMTP\r\n"),
];

function isGenuine(body, headers) {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch (error) {
    return false;
  }
}

function answer(request, response) {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const body = Buffer.concat(parts).toString("utf8");
    const genuine = isGenuine(body, request.headers);
    const status = behaviour === "good" ? 204 : /^[1-5]\d\d$/.test(behaviour) ? Number(behaviour) : random(2) ? 200 : 0;
    const taken = genuine && request.method === "POST" && request.url === "/in?token=hush" && status < 300 && status > 0;
    const id = request.headers["webhook-id"];
    fs.appendFileSync(journal, [genuine, taken, id, request.headers["content-type"], body].join("\t") + "\n");
    if (taken) {
      response.writeHead(status).end();
    } else if (status >= 300) {
      response.writeHead(status).end();
    } else {
      failures[random(failures.length)](request, response);
    }
  });
}

const server = key
  ? https.createServer({ key: fs.readFileSync(key), cert: fs.readFileSync(certificate) }, answer)
  : http.createServer(answer);
server.listen(Number(port), "127.0.0.1", () => console.log("ready " + server.address().port));
