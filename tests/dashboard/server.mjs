// What the test needs of a server beside its life and its calls: files, clips, tokens.
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { copyFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Spoold } from "../support/spoold.mjs";

export const scratch = mkdtempSync(join(process.env.TEST_TMPDIR, "dashboard."));

export class Server extends Spoold {
  constructor() {
    super(process.env.SPOOLD);
  }

  // Puts a file where jobs find it by its name.
  put(path, name) {
    copyFileSync(path, join(this.folder, "data", "media", name));
  }
}

// A clip as the ffmpeg program makes it.
export function makeClip(name, seconds, size) {
  const path = join(scratch, name);
  const made = spawnSync(
    "ffmpeg",
    ["-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i", `testsrc2=size=${size}:rate=25:duration=${seconds}`]
      .concat(["-f", "lavfi", "-i", `sine=frequency=440:duration=${seconds}`, "-c:v", "libx264"])
      .concat(["-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest", path]),
    { encoding: "utf8" },
  );
  if (made.status !== 0) throw new Error(`ffmpeg: ${made.stderr ?? made.error}`);
  return path;
}

// A file with one token of this scope, for --token_file, and the token.
export function makeToken(scope) {
  const token = `spool_${randomBytes(32).toString("base64url")}`;
  const file = join(scratch, `tokens.${scope}`);
  const line = { name: scope, scope, sha256: createHash("sha256").update(token).digest("hex") };
  writeFileSync(file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  return { token, file };
}
