// A server of the test's own, on ports and in a folder of its own, that can be killed and started again.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const scratch = mkdtempSync(join(process.env.TEST_TMPDIR, "work."));

export class Spoold {
  folder = mkdtempSync(join(scratch, "data."));
  #http = "127.0.0.1:0";
  #process;

  get url() {
    return `http://${this.#http}`;
  }

  // Later starts are on the port of the first.
  async start() {
    const child = spawn(
      process.env.SPOOLD,
      [
        `--data_dir=${this.folder}`,
        `--worker=${process.env.SPOOL_WORKER}`,
        "--grpc_address=127.0.0.1:0",
        `--http_address=${this.#http}`,
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#process = child;
    const log = [];
    createInterface({ input: child.stderr }).on("line", (line) => log.push(line));
    this.#http = await new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        const ready = /^spoold ready .*http=(\S+)/.exec(line);
        if (ready) resolve(ready[1]);
      });
      child.on("error", reject);
      child.on("exit", (code) =>
        reject(new Error(`spoold ended with ${code} before it was ready:\n${log.join("\n")}`)),
      );
    });
  }

  // At once, as a loss of power would.
  async kill() {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  // A unary call in Connect's JSON.
  async call(service, method, request = {}) {
    const response = await fetch(`${this.url}/spool.v1.${service}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${method}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }

  // Puts a file where jobs find it by its name.
  put(path, name) {
    writeFileSync(join(this.folder, "media", name), readFileSync(path));
    return name;
  }
}

// A clip as the ffmpeg program makes it.
export function makeClip(name, seconds, size) {
  const path = join(scratch, name);
  const made = spawnSync(
    "ffmpeg",
    ["-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i", `testsrc2=size=${size}:rate=25:duration=${seconds}`]
      .concat([
        "-f",
        "lavfi",
        "-i",
        `sine=frequency=440:duration=${seconds}`,
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
      ])
      .concat(["-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest", path]),
    { encoding: "utf8" },
  );
  if (made.status !== 0) throw new Error(`ffmpeg: ${made.stderr ?? made.error}`);
  return path;
}
