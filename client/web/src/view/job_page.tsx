// One job: what was asked, what happened, what came of it.
import { Code } from "@connectrpc/connect";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Event } from "../../gen/spool/v1/event_pb";
import { type Job, JobState } from "../../gen/spool/v1/job_pb";
import { StartAt } from "../../gen/spool/v1/job_service_pb";
import { useApp, useNow, useStore } from "../app/context";
import { withTerm } from "../model/filter";
import { clock, duration, fullTime } from "../model/format";
import { isCancellable, isRetryable, isTerminal, type JobRow, rowOfJob, runMillis, waitMillis } from "../model/job";
import { TYPE_NAMES } from "../model/names";
import { formatRoute, HOME, type Route } from "../model/route";
import { Timeline as TimelineModel } from "../model/timeline";
import { jobs } from "../rpc/clients";
import { problemOf } from "../rpc/errors";
import { outputUrl } from "../rpc/media";
import { Copy } from "./copy";
import { ErrorPanel } from "./error_panel";
import { BackIcon, CloseIcon, DownloadIcon, RetryIcon, TrashIcon } from "./icons";
import { standing, titleOf } from "./job_text";
import { ProgressBar } from "./progress_bar";
import { etaText, shareText, speedText } from "./progress_text";
import { Result } from "./result";
import { StateMark } from "./state_mark";
import { Timeline } from "./timeline";

// The whole job, asked for when the page opens and again after each event that an event does not tell all of.
function useJob(id: string): { job: Job | undefined; missing: boolean } {
  const { store } = useApp();
  const [job, setJob] = useState<Job | undefined>(undefined);
  const [missing, setMissing] = useState(false);
  useEffect(() => {
    const controller = new AbortController();
    const load = async () => {
      try {
        const answer = await jobs.getJob({ jobId: id }, { signal: controller.signal });
        if (!answer.job) return;
        const { job: found } = answer;
        // Answers may overtake each other.
        setJob((before) => (before?.id === id && before.revision > found.revision ? before : found));
        setMissing(false);
        store.knows(answer.job);
      } catch (error) {
        if (controller.signal.aborted) return;
        if (problemOf(error).code === Code.NotFound) setMissing(true);
        else store.fail("Load the job", error);
      }
    };
    void load();
    const stop = store.onEvent((event) => {
      if (event.jobId === id) void load();
    });
    return () => {
      controller.abort();
      stop();
    };
  }, [id, store]);
  return { job, missing };
}

// The job's part of the log up to now, page by page, then what the feed brings.
function useTimeline(id: string): TimelineModel {
  const { store } = useApp();
  const [timeline, setTimeline] = useState(() => new TimelineModel());
  useEffect(() => {
    const controller = new AbortController();
    let events: Event[] = [];
    const add = (more: readonly Event[]) => {
      events = events.concat(more);
      setTimeline(new TimelineModel(events));
    };
    const stop = store.onEvent((event) => {
      if (event.jobId === id) add([event]);
    });
    const load = async () => {
      let start: { case: "startAt"; value: StartAt } | { case: "resumeToken"; value: string } = {
        case: "startAt",
        value: StartAt.EARLIEST,
      };
      for (;;) {
        const page = await jobs.listEvents(
          { start, filter: { jobIds: [id] }, pageSize: 1000 },
          { signal: controller.signal },
        );
        if (controller.signal.aborted) return;
        add(page.events);
        if (!page.coverage || page.coverage.through >= page.coverage.head) return;
        start = { case: "resumeToken", value: page.coverage.resumeToken };
      }
    };
    setTimeline(new TimelineModel());
    load().catch((error: unknown) => {
      if (!controller.signal.aborted) store.fail("Load the timeline", error);
    });
    return () => {
      controller.abort();
      stop();
    };
  }, [id, store]);
  return timeline;
}

function Running({ row, now }: { row: JobRow; now: number }) {
  const { progress } = row;
  const run = runMillis(row, now);
  return (
    <section class="panel" aria-label="Progress">
      <div class="running-now">
        <strong class="share">{shareText(progress) || "Running"}</strong>
        <span class="muted">{progress ? speedText(progress).join(" · ") : ""}</span>
        <span class="muted">
          {[run === undefined ? "" : `for ${clock(run)}`, progress && etaText(progress)].filter(Boolean).join(" · ")}
        </span>
      </div>
      <ProgressBar progress={progress} label="Progress" />
    </section>
  );
}

function Fact({ name, value, mono }: { name: string; value: string | undefined; mono?: boolean }) {
  if (!value) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd class={mono ? "mono" : ""}>{value}</dd>
    </div>
  );
}

// Leads to the jobs that have the same.
function Alike({ term, text }: { term: string; text: string }) {
  return <a href={formatRoute({ page: "jobs", group: "all", query: withTerm("", term) })}>{text}</a>;
}

function Facts({ row, job, now }: { row: JobRow; job: Job | undefined; now: number }) {
  const wait = waitMillis(row);
  const run = runMillis(row, now);
  const labels = Object.entries(row.labels)
    .sort()
    .map(([key, value]) => `${key}=${value}`);
  return (
    <section class="panel" aria-labelledby="facts-title">
      <h2 id="facts-title">Details</h2>
      <dl class="facts">
        <Fact name="Work" value={[TYPE_NAMES[row.type], row.spec].filter(Boolean).join(" · ")} />
        <Fact name="Preset" value={job?.preset} />
        <Fact name="Input" value={row.input} mono />
        <Fact name="Output" value={job?.output} mono />
        {row.videoId && (
          <div>
            <dt>Video</dt>
            <dd>
              <Alike term={`video:${row.videoId}`} text={row.videoId} />
            </dd>
          </div>
        )}
        {labels.length > 0 && (
          <div>
            <dt>Labels</dt>
            <dd class="label-links">
              {labels.map((label) => (
                <Alike key={label} term={label} text={label} />
              ))}
            </dd>
          </div>
        )}
        <Fact name="Priority" value={job?.priority ? String(job.priority) : ""} />
        <Fact
          name="Attempts"
          value={
            row.attempt
              ? `${row.attempt}${job?.retryPolicy ? ` of up to ${(job.retryPolicy.maxRetries ?? 0) + 1}` : ""}`
              : ""
          }
        />
        <Fact name="Queued" value={row.queuedAt === undefined ? "" : fullTime(row.queuedAt)} />
        <Fact name="Wait" value={wait === undefined ? "" : duration(wait)} />
        <Fact name="Run" value={run === undefined ? "" : row.state === JobState.RUNNING ? clock(run) : duration(run)} />
      </dl>
    </section>
  );
}

function JobActions({ row }: { row: JobRow }) {
  const { actions } = useApp();
  const [asking, setAsking] = useState(false);
  const remove = async () => {
    if (await actions.remove(row)) window.location.hash = formatRoute(HOME);
    setAsking(false);
  };
  return (
    <div class="actions">
      {row.state === JobState.COMPLETED && (
        <a class="button" href={outputUrl(row.id, { download: true })} download>
          <DownloadIcon />
          Download
        </a>
      )}
      {isRetryable(row) && (
        <button type="button" onClick={() => void actions.retry(row)}>
          <RetryIcon />
          Retry
        </button>
      )}
      {!isTerminal(row.state) && (
        <button type="button" disabled={!isCancellable(row)} onClick={() => void actions.cancel(row)}>
          <CloseIcon />
          {row.cancelling ? "Cancelling" : "Cancel"}
        </button>
      )}
      {isTerminal(row.state) &&
        (asking ? (
          <>
            <button type="button" class="danger" onClick={() => void remove()}>
              <TrashIcon />
              Forget this job
            </button>
            <button type="button" class="quiet" onClick={() => setAsking(false)}>
              Keep it
            </button>
          </>
        ) : (
          <button type="button" class="quiet" onClick={() => setAsking(true)}>
            <TrashIcon />
            Delete
          </button>
        ))}
    </div>
  );
}

export function JobPage({ id, from }: { id: string; from: Route }) {
  const store = useStore();
  const now = useNow();
  const { job, missing } = useJob(id);
  const timeline = useTimeline(id);
  const heading = useRef<HTMLHeadingElement>(null);
  const live = store.table.get(id);
  // The feed is what moves; until it has the job, the call's answer must do.
  const row = live ?? (job && !store.ready ? rowOfJob(job) : undefined) ?? (missing ? undefined : job && rowOfJob(job));
  const found = row !== undefined;
  useEffect(() => {
    window.scrollTo(0, 0);
    if (found) heading.current?.focus({ preventScroll: true });
  }, [id, found]);

  const back = (
    <a class="back" href={formatRoute(from)}>
      <BackIcon />
      Jobs
    </a>
  );
  if (!row) {
    return (
      <main id="main" class="job-page">
        {back}
        <div class="empty tall">
          <p>{missing ? "There is no such job. It may have been deleted, or removed by retention." : "Loading…"}</p>
          {missing && <p class="mono muted">{id}</p>}
        </div>
      </main>
    );
  }
  const detail = job?.id === id ? job : undefined;
  return (
    <main id="main" class="job-page">
      {back}
      <header class="job-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {titleOf(row)}
          </h1>
          <p class="mono muted id">
            {row.id} <Copy text={row.id} what="the job's id" />
          </p>
        </div>
        <p class="job-state">
          <StateMark row={row} />
          <span class="muted">
            {row.state === JobState.RUNNING ? "" : standing(row, store.table.position(row.id), now)}
          </span>
        </p>
        <JobActions row={row} />
      </header>
      <div class="columns">
        <div>
          {row.state === JobState.RUNNING && <Running row={row} now={now} />}
          {detail?.error && row.failure && row.state !== JobState.COMPLETED && (
            <ErrorPanel error={detail.error} retrying={row.state !== JobState.FAILED} />
          )}
          {row.state === JobState.COMPLETED && detail?.result && <Result id={row.id} result={detail.result} />}
          <Facts row={row} job={detail} now={now} />
        </div>
        <Timeline timeline={timeline} revision={row.revision} now={now} />
      </div>
    </main>
  );
}
