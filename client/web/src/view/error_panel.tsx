// Why an attempt or a job failed: reason, message, the last lines of the media libraries, and a stack after a crash.
import type { JobError } from "../../gen/spool/v1/job_pb";
import { Copy } from "./copy";

export function ErrorPanel({ error, retrying }: { error: JobError; retrying: boolean }) {
  return (
    <section class="panel error" aria-labelledby="error-title">
      <h2 id="error-title">{retrying ? "The last attempt failed" : "Why it failed"}</h2>
      <p class="reason mono">{error.reason}</p>
      <p class="message">{error.message}</p>
      {error.logLines.length > 0 && (
        <details open={error.logLines.length <= 8}>
          <summary>Last log lines</summary>
          <pre tabIndex={0} aria-label="Last log lines">
            {error.logLines.join("\n")}
          </pre>
        </details>
      )}
      {error.stack && (
        <details open>
          <summary>
            Stack <Copy text={error.stack} what="the stack" />
          </summary>
          <pre tabIndex={0} aria-label="Stack">
            {error.stack}
          </pre>
        </details>
      )}
    </section>
  );
}
