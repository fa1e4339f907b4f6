// What happened to a job, from the first event to the last.
import { ago, duration, fullTime, timeOfDay } from "../model/format";
import type { Timeline as TimelineModel } from "../model/timeline";

export function Timeline({ timeline, revision, now }: { timeline: TimelineModel; revision: number; now: number }) {
  const loading = timeline.revision < revision;
  return (
    <section class="panel timeline" aria-labelledby="timeline-title" aria-busy={loading}>
      <h2 id="timeline-title">Timeline</h2>
      {timeline.cut && !loading && <p class="muted">Earlier events were removed by retention.</p>}
      <ol>
        {timeline.entries.map((entry) => (
          <li key={String(entry.sequence)} class={entry.kind}>
            <div>
              <strong>{entry.title}</strong>
              {entry.note && <span class="muted note">{entry.note}</span>}
            </div>
            {entry.at !== undefined && (
              <time dateTime={new Date(entry.at).toISOString()} title={`${fullTime(entry.at)}, ${ago(entry.at, now)}`}>
                {timeOfDay(entry.at)}
                {entry.sinceMs !== undefined && <span class="muted since">+{duration(entry.sinceMs)}</span>}
              </time>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
