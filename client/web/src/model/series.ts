// What the charts draw: jobs counted into even steps of time.
import { JobState } from "../../gen/spool/v1/job_pb";
import { type JobRow, waitMillis } from "./job";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export interface Range {
  readonly key: string;
  readonly label: string;
  readonly stepMs: number;
  readonly steps: number;
}

export const RANGES: readonly Range[] = [
  { key: "15m", label: "15 minutes", stepMs: MINUTE / 2, steps: 30 },
  { key: "1h", label: "1 hour", stepMs: MINUTE, steps: 60 },
  { key: "6h", label: "6 hours", stepMs: 6 * MINUTE, steps: 60 },
  { key: "24h", label: "24 hours", stepMs: 30 * MINUTE, steps: 48 },
  { key: "7d", label: "7 days", stepMs: 3 * HOUR, steps: 56 },
];

export interface Bucket {
  // Milliseconds since 1970; the bucket ends where the next one begins.
  readonly from: number;
  readonly completed: number;
  readonly failed: number;
  // Of the jobs that started in it, in milliseconds; undefined when none did.
  readonly medianWaitMs: number | undefined;
  readonly p95WaitMs: number | undefined;
  readonly started: number;
}

// `sorted` is not empty; nearest rank.
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

// The last bucket is the one that `now` lies in. Steps begin at multiples of their length, so that bars do not shift
// their contents as time goes on.
export function series(rows: Iterable<JobRow>, range: Range, now: number): Bucket[] {
  const { stepMs, steps } = range;
  const end = (Math.floor(now / stepMs) + 1) * stepMs;
  const begin = end - steps * stepMs;
  const completed = new Array<number>(steps).fill(0);
  const failed = new Array<number>(steps).fill(0);
  const waits = new Map<number, number[]>();
  const indexOf = (time: number) => {
    const index = Math.floor((time - begin) / stepMs);
    return index >= 0 && index < steps ? index : undefined;
  };
  for (const row of rows) {
    if (row.endedAt !== undefined) {
      const index = indexOf(row.endedAt);
      if (index !== undefined && row.state === JobState.COMPLETED) completed[index] = (completed[index] ?? 0) + 1;
      if (index !== undefined && row.state === JobState.FAILED) failed[index] = (failed[index] ?? 0) + 1;
    }
    const wait = waitMillis(row);
    const index = row.startedAt === undefined ? undefined : indexOf(row.startedAt);
    if (wait === undefined || index === undefined) continue;
    const list = waits.get(index);
    if (list) list.push(wait);
    else waits.set(index, [wait]);
  }
  return completed.map((count, index) => {
    const sorted = waits.get(index)?.sort((a, b) => a - b);
    return {
      from: begin + index * stepMs,
      completed: count,
      failed: failed[index] ?? 0,
      medianWaitMs: sorted && percentile(sorted, 0.5),
      p95WaitMs: sorted && percentile(sorted, 0.95),
      started: sorted?.length ?? 0,
    };
  });
}

// Round numbers from 0 to `most` or a little more: at most `count` + 1 of them, at least two.
export function ticks(most: number, count: number, whole: boolean): number[] {
  if (!(most > 0)) return whole ? [0, 1] : [0];
  const rough = most / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  if (whole) step = Math.max(1, Math.round(step));
  const marks = [0];
  for (let mark = step; ; mark += step) {
    marks.push(mark);
    if (mark >= most) return marks;
  }
}

// Lengths of time that people count in; the same promise as `ticks`.
export function durationTicks(mostMs: number, count: number): number[] {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500].concat(
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400].map((s) => s * 1000),
  );
  const step = steps.find((candidate) => candidate * count >= mostMs);
  if (!step || !(mostMs > 0)) return ticks(mostMs, count, false);
  const marks = [0];
  do marks.push(marks.length * step);
  while ((marks[marks.length - 1] ?? 0) < mostMs);
  return marks;
}
