// How far an attempt is. The bar glides from sample to sample.
import type { Progress } from "../model/job";

export function ProgressBar({ progress, label }: { progress: Progress | undefined; label: string }) {
  const known = progress !== undefined && !progress.indeterminate;
  const share = known ? progress.fraction : 0;
  return (
    <div
      class={known ? "bar" : "bar indeterminate"}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={known ? Math.round(share * 100) : undefined}
    >
      <div class="fill" style={known ? { transform: `scaleX(${share})` } : undefined} />
    </div>
  );
}
