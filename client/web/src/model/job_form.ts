// The form for new jobs: what was typed, what is wrong with it, and the request that it makes.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { AudioCodec, Container, Fit, VideoCodec } from "../../gen/spool/v1/job_pb";
import { type EnqueueRequest, EnqueueRequestSchema } from "../../gen/spool/v1/job_service_pb";

export type Work = "resize" | "convert" | "preset";

// Numbers are text here: an empty box is not 0.
export interface JobForm {
  readonly work: Work;
  readonly width: string;
  readonly height: string;
  readonly fit: Fit;
  readonly container: Container;
  readonly videoCodec: VideoCodec;
  readonly audioCodec: AudioCodec;
  readonly quality: string;
  readonly mute: boolean;
  readonly preset: string;
  readonly videoId: string;
  readonly priority: string;
  // "key=value", separated by commas or line ends.
  readonly labels: string;
}

export const EMPTY_FORM: JobForm = {
  work: "resize",
  width: "1280",
  height: "",
  fit: Fit.PAD,
  container: Container.UNSPECIFIED,
  videoCodec: VideoCodec.UNSPECIFIED,
  audioCodec: AudioCodec.UNSPECIFIED,
  quality: "",
  mute: false,
  preset: "",
  videoId: "",
  priority: "",
  labels: "",
};

export type FieldErrors = ReadonlyMap<keyof JobForm, string>;

function wholeNumber(text: string): number | undefined {
  return /^[+-]?\d{1,9}$/.test(text.trim()) ? Number(text) : undefined;
}

export function parseLabels(text: string): Map<string, string> | undefined {
  const labels = new Map<string, string>();
  for (const part of text.split(/[,\n]/)) {
    const item = part.trim();
    if (!item) continue;
    const match = /^([a-z0-9][a-z0-9._/-]{0,62})=(.*)$/.exec(item);
    if (!match) return undefined;
    labels.set(match[1] ?? "", (match[2] ?? "").trim());
  }
  return labels;
}

// What can be said before the server is asked. It checks everything again.
export function check(form: JobForm): FieldErrors {
  const errors = new Map<keyof JobForm, string>();
  const dimension = (field: "width" | "height") => {
    const value = wholeNumber(form[field]);
    if (form[field].trim() && (value === undefined || value < 2 || value > 16384)) {
      errors.set(field, "A whole number from 2 to 16384.");
    }
  };
  if (form.work === "resize") {
    dimension("width");
    dimension("height");
    if (!form.width.trim() && !form.height.trim()) errors.set("width", "Give a width, a height, or both.");
  }
  if (form.work === "convert" && form.container === Container.UNSPECIFIED) {
    errors.set("container", "Choose a format.");
  }
  if (form.work === "preset" && !form.preset) errors.set("preset", "Choose a preset.");
  const quality = wholeNumber(form.quality);
  if (form.quality.trim() && (quality === undefined || quality < 1 || quality > 100)) {
    errors.set("quality", "A whole number from 1 to 100.");
  }
  const priority = wholeNumber(form.priority);
  if (form.priority.trim() && (priority === undefined || Math.abs(priority) > 1000)) {
    errors.set("priority", "A whole number from -1000 to 1000.");
  }
  if (parseLabels(form.labels) === undefined) errors.set("labels", "Write them as key=value, keys in lower case.");
  return errors;
}

function spec(form: JobForm): MessageInitShape<typeof EnqueueRequestSchema>["spec"] {
  if (form.work === "preset") return { case: "preset", value: form.preset };
  const shared = {
    container: form.container,
    video:
      form.videoCodec || form.quality.trim()
        ? { codec: form.videoCodec, quality: wholeNumber(form.quality) ?? 0 }
        : undefined,
    audio: form.mute ? { mute: true } : form.audioCodec ? { codec: form.audioCodec } : undefined,
  };
  if (form.work === "convert") return { case: "convert", value: shared };
  const [width, height] = [wholeNumber(form.width) ?? 0, wholeNumber(form.height) ?? 0];
  return { case: "resize", value: { ...shared, width, height, fit: width && height ? form.fit : Fit.UNSPECIFIED } };
}

// `form` has no errors. `requestId` makes the call safe to repeat.
export function requestOf(form: JobForm, input: string, fileName: string, requestId: string): EnqueueRequest {
  return create(EnqueueRequestSchema, {
    requestId,
    input,
    videoId: form.videoId.trim() || videoIdFor(fileName),
    priority: wholeNumber(form.priority) ?? 0,
    labels: Object.fromEntries(parseLabels(form.labels) ?? []),
    spec: spec(form),
  });
}

// A file's name without its extension, as far as a video id may go: 128 bytes, no control characters.
export function videoIdFor(fileName: string): string {
  const name = [
    ...fileName
      .replace(/\.[^.]{1,8}$/, "")
      .replace(/[\u0000-\u001f\u007f-\u009f]/g, " ")
      .trim(),
  ];
  const size = () => new TextEncoder().encode(name.join("")).length;
  while (size() > 128) name.pop();
  return name.join("");
}

// The box of the form that a field of the API is about; undefined when there is none.
export function fieldFor(apiField: string): keyof JobForm | undefined {
  const last = apiField.split(".").pop() ?? "";
  const names: Record<string, keyof JobForm> = {
    width: "width",
    height: "height",
    fit: "fit",
    container: "container",
    quality: "quality",
    preset: "preset",
    priority: "priority",
    labels: "labels",
  };
  if (apiField.startsWith("labels")) return "labels";
  if (last === "video_id" || last === "videoId") return "videoId";
  if (last === "codec") return apiField.includes("audio") ? "audioCodec" : "videoCodec";
  return names[last];
}
