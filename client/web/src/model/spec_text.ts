// What a job was asked to do, in a few words: "800 × 600, cover, WebM".
import type { AudioOptions, Job, OutputSpec, VideoOptions } from "../../gen/spool/v1/job_pb";
import { AUDIO_CODEC_NAMES, CONTAINER_NAMES, FIT_NAMES, VIDEO_CODEC_NAMES } from "./names";

type Spec = Job["spec"] | OutputSpec["spec"];

function box(width: number, height: number): string {
  if (width && height) return `${width} × ${height}`;
  if (width) return `${width} wide`;
  if (height) return `${height} high`;
  return "";
}

function coding(video: VideoOptions | undefined, audio: AudioOptions | undefined): string[] {
  const words: string[] = [];
  if (video?.drop) words.push("no pictures");
  if (video) words.push(VIDEO_CODEC_NAMES[video.codec] ?? "");
  if (video?.quality) words.push(`quality ${video.quality}`);
  if (video?.bitrateBps) words.push(`${Math.round(Number(video.bitrateBps) / 1000)} kbit/s`);
  if (audio?.mute) words.push("muted");
  if (audio) words.push(AUDIO_CODEC_NAMES[audio.codec] ?? "");
  return words;
}

function words(spec: Spec): string[] {
  switch (spec.case) {
    case "resize": {
      const { width, height, fit, container, video, audio } = spec.value;
      const fitting = width && height ? (FIT_NAMES[fit] ?? "") : "";
      return [box(width, height), fitting, CONTAINER_NAMES[container] ?? "", ...coding(video, audio)];
    }
    case "convert":
      return [CONTAINER_NAMES[spec.value.container] ?? "", ...coding(spec.value.video, spec.value.audio)];
    case "thumbnail":
      return [box(spec.value.width, spec.value.height), CONTAINER_NAMES[spec.value.container] ?? ""];
    case "spriteSheet":
      return [spec.value.columns ? `${spec.value.columns} columns` : "", CONTAINER_NAMES[spec.value.container] ?? ""];
    case "preview":
      return [box(spec.value.width, spec.value.height), CONTAINER_NAMES[spec.value.container] ?? ""];
    case "outputs": {
      const names = spec.value.outputs.map((output, index) => output.name || String(index));
      return [names.length > 4 ? `${names.length} outputs` : names.join(", ")];
    }
    default:
      return [];
  }
}

export function specText(job: Pick<Job, "spec" | "preset">): string {
  const text = words(job.spec).filter(Boolean).join(", ");
  return job.preset ? job.preset + (text && job.spec.case !== "outputs" ? ` (${text})` : "") : text;
}
