// A real spoold for Node's tests: started on free ports, killed, and started again on the same ones.
import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";

// However slow the machine: what takes longer has gone wrong.
export const PATIENCE_MS = 120_000;

// Ends with an error that says what was waited for.
export function within(what, promise, milliseconds = PATIENCE_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export class Spoold {
  #program;
  #process;
  #grpc = "127.0.0.1:0";
  #http = "127.0.0.1:0";
  folder = mkdtempSync(join(process.env.TEST_TMPDIR ?? tmpdir(), "spoold-"));
  log = "";

  constructor(program) {
    this.#program = resolve(program);
  }

  get grpc() {
    return this.#grpc;
  }
  get http() {
    return `http://${this.#http}`;
  }
  get pid() {
    return this.#process.pid;
  }

  async start(flags = []) {
    this.#process = spawn(
      this.#program,
      [
        `--grpc_address=${this.#grpc}`,
        `--http_address=${this.#http}`,
        `--data_dir=${join(this.folder, "data")}`,
        `--worker=${join(dirname(this.#program), "worker/spool-worker")}`,
        ...flags,
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#process.stderr.on("data", (text) => (this.log += text));
    const lines = createInterface({ input: this.#process.stdout });
    const ready = new Promise((done, failed) => {
      lines.once("line", done);
      this.#process.once("exit", (code) => failed(new Error(`spoold ended with ${code}: ${this.log}`)));
    });
    const line = await within("spoold's ready line", ready);
    const addresses = /^spoold ready grpc=(\S+) http=(\S+)$/.exec(line);
    if (!addresses) throw new Error(`not a ready line: ${line}`);
    [, this.#grpc, this.#http] = addresses;
  }

  // A unary call in Connect's JSON.
  async call(service, method, request = {}) {
    const response = await fetch(`${this.http}/spool.v1.${service}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${method}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }

  // As a loss of power would, as far as the process is concerned.
  async kill(signal = "SIGKILL") {
    if (!this.#process || this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = new Promise((done) => this.#process.once("exit", done));
    this.#process.kill(signal);
    await within(`spoold's end after ${signal}`, gone);
  }
}
