// The two charts of the overview: what was finished, and how long jobs waited.
import { useMemo, useState } from "preact/hooks";
import { useNow, useStore } from "../app/context";
import { duration, plural, shortDuration } from "../model/format";
import { type Bucket, durationTicks, RANGES, type Range, series, ticks } from "../model/series";
import { Chart, type Frame } from "./chart";

const KEY = "spool.range";

function storedRange(): Range {
  const key = localStorage.getItem(KEY);
  const range = RANGES.find((candidate) => candidate.key === key) ?? RANGES[1];
  if (!range) throw new Error("no ranges");
  return range;
}

function Throughput({ buckets, range }: { buckets: readonly Bucket[]; range: Range }) {
  const completed = buckets.reduce((sum, bucket) => sum + bucket.completed, 0);
  const failed = buckets.reduce((sum, bucket) => sum + bucket.failed, 0);
  const most = Math.max(0, ...buckets.map((bucket) => bucket.completed + bucket.failed));
  const draw = (frame: Frame) => {
    const gap = frame.step > 6 ? 1.5 : 0.5;
    const bar = (kind: string, index: number, from: number, to: number) =>
      to > from && (
        <rect
          key={`${kind}${index}`}
          class={kind}
          x={frame.x(index) + gap / 2}
          width={Math.max(1, frame.step - gap)}
          y={frame.y(to)}
          height={Math.max(1, frame.y(from) - frame.y(to))}
        />
      );
    return buckets.map((bucket, index) => [
      bar("completed", index, 0, bucket.completed),
      bar("failed", index, bucket.completed, bucket.completed + bucket.failed),
    ]);
  };
  return (
    <Chart
      title="Finished jobs"
      times={buckets.map((bucket) => bucket.from)}
      stepMs={range.stepMs}
      ticks={ticks(most, 4, true)}
      tickText={String}
      legend={[
        { text: "completed", mark: "completed" },
        { text: "failed", mark: "failed" },
      ]}
      empty={most === 0 ? `No job has finished in the last ${range.label}.` : undefined}
      describe={(index) => `${buckets[index]?.completed ?? 0} completed, ${buckets[index]?.failed ?? 0} failed`}
      summary={`${plural(completed, "job")} completed and ${failed} failed in the last ${range.label}.`}
      draw={draw}
    />
  );
}

// Points that follow each other are joined; a step in which nothing started breaks the line.
function path(frame: Frame, values: readonly (number | undefined)[]): string {
  let text = "";
  let pen = "M";
  values.forEach((value, index) => {
    if (value === undefined) {
      pen = "M";
      return;
    }
    text += `${pen}${(frame.x(index) + frame.step / 2).toFixed(1)} ${frame.y(value).toFixed(1)}`;
    pen = "L";
  });
  return text;
}

function Waiting({ buckets, range }: { buckets: readonly Bucket[]; range: Range }) {
  const most = Math.max(0, ...buckets.map((bucket) => bucket.p95WaitMs ?? 0));
  const started = buckets.reduce((sum, bucket) => sum + bucket.started, 0);
  const draw = (frame: Frame) => (
    <>
      <path
        class="line p95"
        d={path(
          frame,
          buckets.map((bucket) => bucket.p95WaitMs),
        )}
      />
      <path
        class="line median"
        d={path(
          frame,
          buckets.map((bucket) => bucket.medianWaitMs),
        )}
      />
      {buckets.map((bucket, index) =>
        bucket.medianWaitMs === undefined || bucket.p95WaitMs === undefined ? null : (
          <g key={bucket.from}>
            <circle class="dot p95" cx={frame.x(index) + frame.step / 2} cy={frame.y(bucket.p95WaitMs)} r="2" />
            <circle class="dot median" cx={frame.x(index) + frame.step / 2} cy={frame.y(bucket.medianWaitMs)} r="2" />
          </g>
        ),
      )}
    </>
  );
  return (
    <Chart
      title="Wait before start"
      times={buckets.map((bucket) => bucket.from)}
      stepMs={range.stepMs}
      ticks={durationTicks(most, 4)}
      tickText={shortDuration}
      legend={[
        { text: "median", mark: "median" },
        { text: "p95", mark: "p95" },
      ]}
      empty={started === 0 ? `No job has started in the last ${range.label}.` : undefined}
      describe={(index) => {
        const bucket = buckets[index];
        if (bucket?.medianWaitMs === undefined || bucket.p95WaitMs === undefined) return "nothing started";
        return `median ${duration(bucket.medianWaitMs)}, 95th percentile ${duration(bucket.p95WaitMs)}`;
      }}
      summary={
        started === 0
          ? `No job has started in the last ${range.label}.`
          : `${plural(started, "job")} started in the last ${range.label}; the longest 95th percentile is ${duration(most)}.`
      }
      draw={draw}
    />
  );
}

export function Charts() {
  const store = useStore();
  const now = useNow();
  const [range, setRange] = useState(storedRange);
  const rows = store.table.newestFirst();
  // Progress makes new rows too, several times a second; the charts need not be that quick.
  const second = Math.floor(now / 1000);
  const buckets = useMemo(() => series(rows, range, now), [second, range, rows.length]);
  return (
    <section class="charts" aria-labelledby="charts-title">
      <div class="section-head">
        <h2 id="charts-title">History</h2>
        <fieldset class="segments">
          <legend class="hidden">Time range</legend>
          {RANGES.map((candidate) => (
            <label key={candidate.key}>
              <input
                type="radio"
                name="range"
                checked={candidate.key === range.key}
                onChange={() => {
                  localStorage.setItem(KEY, candidate.key);
                  setRange(candidate);
                }}
              />
              <span aria-hidden="true">{candidate.key}</span>
              <span class="hidden">{candidate.label}</span>
            </label>
          ))}
        </fieldset>
      </div>
      <div class="pair">
        <Throughput buckets={buckets} range={range} />
        <Waiting buckets={buckets} range={range} />
      </div>
    </section>
  );
}
