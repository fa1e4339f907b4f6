// A sample of progress in words, as far as it says something.
import { clock, count } from "../model/format";
import type { Progress } from "../model/job";

export function speedText(progress: Progress): string[] {
  const words: string[] = [];
  if (progress.fps >= 0.05)
    words.push(`${count(progress.fps < 10 ? Number(progress.fps.toFixed(1)) : Math.round(progress.fps))} fps`);
  if (progress.speed >= 0.005) words.push(`${progress.speed.toFixed(progress.speed < 10 ? 2 : 1)}×`);
  return words;
}

export function etaText(progress: Progress): string {
  return progress.etaMs === undefined ? "" : `${clock(progress.etaMs)} left`;
}

export function shareText(progress: Progress | undefined): string {
  return progress && !progress.indeterminate ? `${Math.floor(progress.fraction * 100)} %` : "";
}
