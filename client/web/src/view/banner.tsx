// Says across the page what is out of the ordinary: no connection, or a queue that was paused.
import { useApp, useNow, useStore } from "../app/context";
import { RetryIcon } from "./icons";

export function Banner() {
  const { store } = useApp();
  const { connection, ready, figures } = useStore();
  const now = useNow();
  if (connection.kind === "waiting") {
    const seconds = Math.max(0, Math.ceil((connection.retryAt - now) / 1000));
    return (
      <section class="banner lost" aria-label="Connection">
        <p>
          <strong>{connection.why}.</strong> {ready ? "What you see may be out of date." : ""} Trying again{" "}
          {seconds ? `in ${seconds} s` : "now"}.
        </p>
        <button type="button" onClick={() => store.reconnect()}>
          <RetryIcon />
          Try now
        </button>
      </section>
    );
  }
  if (figures?.paused) {
    return (
      <section class="banner" aria-label="Queue">
        <p>
          <strong>The queue is paused.</strong> Running jobs go on; no other job is started.
        </p>
      </section>
    );
  }
  return null;
}
