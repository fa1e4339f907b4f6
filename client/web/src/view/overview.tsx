// The first things one wants to know: how many, how well, what is running, what comes next.
import { useMemo } from "preact/hooks";
import { JobState } from "../../gen/spool/v1/job_pb";
import { useApp, useNow, useStore } from "../app/context";
import { clock, count, duration, percent } from "../model/format";
import { isCancellable, type JobRow, runMillis } from "../model/job";
import { TYPE_NAMES } from "../model/names";
import { formatRoute } from "../model/route";
import { resultsOf } from "../model/totals";
import { CloseIcon, UploadIcon } from "./icons";
import { titleOf } from "./job_text";
import { ProgressBar } from "./progress_bar";
import { etaText, shareText, speedText } from "./progress_text";

const UP_NEXT = 5;
const MOST_RUNNING = 8;

function Figure({ name, value, note, tone }: { name: string; value: string; note?: string; tone?: string }) {
  return (
    <div class={tone ? `figure ${tone}` : "figure"}>
      <dt>{name}</dt>
      <dd>
        {value}
        {note && <span class="note">{note}</span>}
      </dd>
    </div>
  );
}

export function Figures() {
  const { table, figures } = useStore();
  const rows = table.newestFirst();
  const results = useMemo(() => figures ?? resultsOf(rows), [figures, rows]);
  const scheduled = table.count(JobState.SCHEDULED);
  const length = (ms: number | undefined) => (ms === undefined ? "–" : duration(ms));
  return (
    <section aria-label="Totals">
      <dl class="figures">
        <Figure
          name="Running"
          value={count(table.count(JobState.RUNNING))}
          note={figures && figures.slots > 0 ? `of ${figures.slots}` : ""}
        />
        <Figure
          name="Waiting"
          value={count(table.count(JobState.QUEUED))}
          note={scheduled ? `+ ${count(scheduled)} later` : ""}
        />
        <Figure name="Completed" value={count(results.completed)} />
        <Figure
          name="Failed"
          value={count(results.failed)}
          tone={results.failed > 0 ? "bad" : ""}
          note={figures?.retried ? `${count(figures.retried)} retried` : ""}
        />
        <Figure name="Success rate" value={results.successRate === undefined ? "–" : percent(results.successRate)} />
        <Figure name="Mean duration" value={length(results.meanRunMs)} />
        <Figure name="Mean wait" value={length(results.meanWaitMs)} />
      </dl>
    </section>
  );
}

function RunningJob({ row, now }: { row: JobRow; now: number }) {
  const { store, actions } = useApp();
  store.wantSpec(row);
  const { progress } = row;
  const run = runMillis(row, now);
  return (
    <li class="running-job">
      <div class="what">
        <a class="title" href={formatRoute({ page: "job", id: row.id })}>
          {titleOf(row)}
        </a>
        <span class="muted">
          {TYPE_NAMES[row.type]}
          {row.spec ? ` · ${row.spec}` : ""}
          {row.attempt > 1 ? ` · attempt ${row.attempt}` : ""}
        </span>
      </div>
      <strong class="share">{row.cancelling ? "Cancelling" : shareText(progress)}</strong>
      <button
        type="button"
        class="quiet icon-only"
        disabled={!isCancellable(row)}
        onClick={() => void actions.cancel(row)}
        title="Cancel"
        aria-label={`Cancel ${titleOf(row)}`}
      >
        <CloseIcon />
      </button>
      <ProgressBar progress={progress} label={`Progress of ${titleOf(row)}`} />
      <div class="pace muted">
        <span>{progress ? speedText(progress).join(" · ") : "Starting"}</span>
        <span>
          {run === undefined ? "" : clock(run)}
          {progress && etaText(progress) ? ` · ${etaText(progress)}` : ""}
        </span>
      </div>
    </li>
  );
}

export function Now({ onNewJob }: { onNewJob: () => void }) {
  const store = useStore();
  const now = useNow();
  const { table, figures } = store;
  const running = table
    .newestFirst()
    .filter((row) => row.state === JobState.RUNNING)
    .sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0));
  const next = table.upNext(UP_NEXT);
  const queued = table.count(JobState.QUEUED);
  for (const row of next) store.wantSpec(row);
  return (
    <div class="pair now">
      <section aria-labelledby="running-title">
        <h2 id="running-title">Running</h2>
        {running.length ? (
          <ul class="running-jobs">
            {running.slice(0, MOST_RUNNING).map((row) => (
              <RunningJob key={row.id} row={row} now={now} />
            ))}
            {running.length > MOST_RUNNING && (
              <li class="more">
                <a href={formatRoute({ page: "jobs", group: "running", query: "" })}>
                  and {count(running.length - MOST_RUNNING)} more
                </a>
              </li>
            )}
          </ul>
        ) : (
          <div class="empty">
            <p>{figures?.paused && queued ? "The queue is paused." : "Nothing is running."}</p>
            {!queued && (
              <button type="button" class="quiet" onClick={onNewJob}>
                <UploadIcon />
                Drop a file anywhere, or choose one
              </button>
            )}
          </div>
        )}
      </section>
      <section aria-labelledby="next-title">
        <h2 id="next-title">Up next</h2>
        {next.length ? (
          <ol class="next-jobs">
            {next.map((row, index) => (
              <li key={row.id}>
                <span class="place" aria-hidden="true">
                  {index + 1}
                </span>
                <div class="what">
                  <a class="title" href={formatRoute({ page: "job", id: row.id })}>
                    {titleOf(row)}
                  </a>
                  <span class="muted">
                    {TYPE_NAMES[row.type]}
                    {row.spec ? ` · ${row.spec}` : ""}
                  </span>
                </div>
                <span class="muted number">{row.queuedAt === undefined ? "" : clock(now - row.queuedAt)}</span>
              </li>
            ))}
            {queued > next.length && <li class="more muted">and {count(queued - next.length)} more</li>}
          </ol>
        ) : (
          <div class="empty">
            <p>The queue is empty.</p>
          </div>
        )}
      </section>
    </div>
  );
}
