// The dialog for new jobs: files that were dropped or chosen, or a path on the server, and what to make of them.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { AudioCodec, Container, Fit, VideoCodec } from "../../gen/spool/v1/job_pb";
import type { Preset } from "../../gen/spool/v1/job_service_pb";
import { useApp } from "../app/context";
import { bytes, percent } from "../model/format";
import { check, EMPTY_FORM, fieldFor, type JobForm, requestOf, videoIdFor, type Work } from "../model/job_form";
import { isImage } from "../model/names";
import { jobs } from "../rpc/clients";
import { problemOf, remedyFor } from "../rpc/errors";
import { upload } from "../rpc/media";
import { CloseIcon, UploadIcon } from "./icons";

type Errors = ReadonlyMap<keyof JobForm | "input" | "", string>;

const NO_ERRORS: Errors = new Map();

interface FieldProps {
  readonly label: string;
  readonly error: string | undefined;
  readonly hint?: string;
  readonly wide?: boolean;
  readonly children: (attributes: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": boolean;
  }) => ComponentChildren;
}

function Field({ label, error, hint, wide, children }: FieldProps) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div class={wide ? "field wide" : "field"}>
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": note ? `${id}-note` : undefined, "aria-invalid": error !== undefined })}
      {note && (
        <p id={`${id}-note`} class={error ? "field-error" : "hint"}>
          {note}
        </p>
      )}
    </div>
  );
}

const FITS: [Fit, string][] = [
  [Fit.PAD, "Pad with bars"],
  [Fit.CONTAIN, "Fit inside"],
  [Fit.COVER, "Fill and crop"],
  [Fit.STRETCH, "Stretch"],
  [Fit.SHRINK, "Only shrink"],
];
const CONTAINERS: [Container, string][] = [
  [Container.MP4, "MP4"],
  [Container.WEBM, "WebM"],
  [Container.MKV, "Matroska"],
  [Container.MOV, "QuickTime"],
  [Container.JPEG, "JPEG"],
  [Container.PNG, "PNG"],
  [Container.WEBP, "WebP"],
  [Container.GIF, "GIF"],
];
const VIDEO_CODECS: [VideoCodec, string][] = [
  [VideoCodec.UNSPECIFIED, "Automatic"],
  [VideoCodec.COPY, "Copy"],
  [VideoCodec.H264, "H.264"],
  [VideoCodec.HEVC, "HEVC"],
  [VideoCodec.VP9, "VP9"],
  [VideoCodec.AV1, "AV1"],
];
const AUDIO_CODECS: [AudioCodec, string][] = [
  [AudioCodec.UNSPECIFIED, "Automatic"],
  [AudioCodec.COPY, "Copy"],
  [AudioCodec.AAC, "AAC"],
  [AudioCodec.OPUS, "Opus"],
];
const WORKS: [Work, string][] = [
  ["resize", "Resize"],
  ["convert", "Convert"],
  ["preset", "Preset"],
];

// Unique enough to make a call safe to repeat; crypto.randomUUID() is for secure pages only.
function requestId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

interface Props {
  readonly files: readonly File[];
  readonly onFiles: (files: readonly File[]) => void;
  readonly onClose: () => void;
}

export function NewJob({ files, onFiles, onClose }: Props) {
  const { store } = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  const chooser = useRef<HTMLInputElement>(null);
  const [form, setForm] = useState<JobForm>(EMPTY_FORM);
  const [path, setPath] = useState("");
  const [errors, setErrors] = useState<Errors>(NO_ERRORS);
  const [sending, setSending] = useState<{ name: string; share: number } | undefined>(undefined);
  const [presets, setPresets] = useState<readonly Preset[]>([]);
  const [over, setOver] = useState(false);
  const stop = useRef<AbortController | undefined>(undefined);
  // Of each file: what the upload answered and the id of its request, so that a second try repeats neither.
  const kept = useRef(new Map<File | string, { input: string | undefined; requestId: string }>());

  useEffect(() => {
    dialog.current?.showModal();
    return () => stop.current?.abort();
  }, []);
  useEffect(() => {
    if (form.work !== "preset" || presets.length) return;
    jobs.listPresets({}).then(
      (answer) => setPresets(answer.presets),
      (error: unknown) => setErrors(new Map([["preset", problemOf(error).message]])),
    );
  }, [form.work, presets.length]);

  const set = <Key extends keyof JobForm>(key: Key, value: JobForm[Key]) => {
    setForm((before) => ({ ...before, [key]: value }));
    // Another form is another request.
    for (const [source, { input }] of kept.current) kept.current.set(source, { input, requestId: requestId() });
    setErrors(NO_ERRORS);
  };
  const focusFirstError = () =>
    requestAnimationFrame(() =>
      dialog.current?.querySelector<HTMLElement>("[aria-invalid='true'], [role='alert']")?.focus(),
    );

  const enqueue = async (source: File | string, signal: AbortSignal) => {
    const name = typeof source === "string" ? (source.split("/").pop() ?? source) : source.name;
    const known = kept.current.get(source) ?? {
      input: typeof source === "string" ? source : undefined,
      requestId: requestId(),
    };
    kept.current.set(source, known);
    let { input } = known;
    if (input === undefined && typeof source !== "string") {
      setSending({ name, share: 0 });
      const answer = await upload(source, (share) => setSending({ name, share }), signal);
      input = answer.mediaId;
      kept.current.set(source, { ...known, input });
    }
    setSending({ name, share: 1 });
    await jobs.enqueue(requestOf(form, input ?? "", name, known.requestId), { signal });
  };

  const submit = async (event: Event) => {
    event.preventDefault();
    const sources: readonly (File | string)[] = files.length ? files : path.trim() ? [path.trim()] : [];
    const found: Map<keyof JobForm | "input" | "", string> = new Map(check(form));
    if (!sources.length) found.set("input", "Drop or choose a file, or give a path on the server.");
    setErrors(found);
    if (found.size) {
      focusFirstError();
      return;
    }
    const controller = new AbortController();
    stop.current = controller;
    let left = [...files];
    try {
      for (const source of sources) {
        await enqueue(source, controller.signal);
        left = left.filter((file) => file !== source);
        onFiles(left);
      }
      store.notify(
        "done",
        sources.length === 1 ? "The job is in the queue." : `${sources.length} jobs are in the queue.`,
      );
      onClose();
    } catch (error) {
      if (controller.signal.aborted) return;
      const problem = problemOf(error);
      if (remedyFor(error).remedy === "signIn") {
        store.fail("Enqueue", error);
        onClose();
        return;
      }
      const told: Map<keyof JobForm | "input" | "", string> = new Map();
      for (const [field, text] of problem.fields) told.set(field === "input" ? "input" : (fieldFor(field) ?? ""), text);
      if (!told.size) told.set("", problem.message);
      setErrors(told);
      focusFirstError();
    } finally {
      setSending(undefined);
    }
  };

  const still = isImage(form.container);
  const busy = sending !== undefined;
  const [firstFile] = files;
  const select = <Value extends number>(
    field: "fit" | "container" | "videoCodec" | "audioCodec",
    label: string,
    options: readonly [Value, string][],
    unset?: string,
  ) => (
    <Field label={label} error={errors.get(field)}>
      {(attributes) => (
        <select
          {...attributes}
          value={String(form[field])}
          disabled={busy}
          onChange={(event) => set(field, Number(event.currentTarget.value) as never)}
        >
          {unset && <option value="0">{unset}</option>}
          {options.map(([value, text]) => (
            <option key={value} value={String(value)}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
  const text = (
    field: "width" | "height" | "quality" | "videoId" | "priority" | "labels",
    label: string,
    options: { hint?: string; placeholder?: string; numeric?: boolean; wide?: boolean } = {},
  ) => (
    <Field label={label} error={errors.get(field)} hint={options.hint} wide={options.wide}>
      {(attributes) => (
        <input
          {...attributes}
          type="text"
          inputMode={options.numeric ? "numeric" : "text"}
          autoComplete="off"
          spellcheck={false}
          placeholder={options.placeholder}
          value={form[field]}
          disabled={busy}
          onInput={(event) => set(field, event.currentTarget.value)}
        />
      )}
    </Field>
  );

  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby="new-job-title"
      onClose={onClose}
      onCancel={(event: Event) => {
        if (busy) event.preventDefault();
      }}
    >
      <form onSubmit={(event) => void submit(event)} noValidate>
        <header>
          <h2 id="new-job-title">New job</h2>
          <button
            type="button"
            class="quiet icon-only"
            aria-label="Close"
            disabled={busy}
            onClick={() => dialog.current?.close()}
          >
            <CloseIcon />
          </button>
        </header>
        <div class="dialog-body">
          <div
            class={over ? "drop over" : "drop"}
            onDragOver={(event: DragEvent) => {
              event.preventDefault();
              setOver(true);
            }}
            onDragLeave={() => setOver(false)}
            onDrop={(event: DragEvent) => {
              event.preventDefault();
              event.stopPropagation();
              setOver(false);
              onFiles([...files, ...(event.dataTransfer?.files ?? [])]);
              setErrors(NO_ERRORS);
            }}
          >
            {files.length ? (
              <ul class="chosen-files">
                {files.map((file, index) => (
                  <li key={`${index}${file.name}`}>
                    <span class="file-name">{file.name}</span>
                    <span class="muted number">{bytes(file.size)}</span>
                    <button
                      type="button"
                      class="quiet icon-only"
                      aria-label={`Leave out ${file.name}`}
                      disabled={busy}
                      onClick={() => onFiles(files.filter((other) => other !== file))}
                    >
                      <CloseIcon />
                    </button>
                  </li>
                ))}
              </ul>
            ) : (
              <p>Drop videos, images or sound here</p>
            )}
            <button type="button" disabled={busy} onClick={() => chooser.current?.click()}>
              <UploadIcon />
              {files.length ? "Add files" : "Choose files"}
            </button>
            <input
              ref={chooser}
              type="file"
              multiple
              hidden
              aria-label="Files"
              onChange={(event) => {
                onFiles([...files, ...(event.currentTarget.files ?? [])]);
                event.currentTarget.value = "";
                setErrors(NO_ERRORS);
              }}
            />
          </div>
          {!files.length && (
            <Field label="Or a path under the server's media root" error={errors.get("input")} wide>
              {(attributes) => (
                <input
                  {...attributes}
                  type="text"
                  class="mono"
                  autoComplete="off"
                  spellcheck={false}
                  placeholder="clips/holiday.mp4"
                  value={path}
                  disabled={busy}
                  onInput={(event) => {
                    setPath(event.currentTarget.value);
                    setErrors(NO_ERRORS);
                  }}
                />
              )}
            </Field>
          )}
          {files.length > 0 && errors.get("input") && (
            <p class="field-error" role="alert" tabIndex={-1}>
              {errors.get("input")}
            </p>
          )}
          <div class="works" role="radiogroup" aria-labelledby="works-title">
            <span id="works-title">What to make</span>
            <div class="segments">
              {WORKS.map(([work, label]) => (
                <label key={work}>
                  <input
                    type="radio"
                    name="work"
                    checked={form.work === work}
                    disabled={busy}
                    onChange={() => set("work", work)}
                  />
                  <span>{label}</span>
                </label>
              ))}
            </div>
          </div>
          <div class="fields">
            {form.work === "resize" && (
              <>
                {text("width", "Width", { numeric: true, placeholder: "follows" })}
                {text("height", "Height", { numeric: true, placeholder: "follows" })}
                {form.width.trim() && form.height.trim() ? select("fit", "Fit", FITS) : null}
              </>
            )}
            {form.work === "preset" ? (
              <Field
                label="Preset"
                error={errors.get("preset")}
                hint={presets.find((preset) => `${preset.name}@${preset.version}` === form.preset)?.description}
                wide
              >
                {(attributes) => (
                  <select
                    {...attributes}
                    value={form.preset}
                    disabled={busy}
                    onChange={(event) => set("preset", event.currentTarget.value)}
                  >
                    <option value="">Choose</option>
                    {presets.map((preset) => {
                      const name = `${preset.name}@${preset.version}`;
                      return (
                        <option key={name} value={name}>
                          {name}
                        </option>
                      );
                    })}
                  </select>
                )}
              </Field>
            ) : (
              select("container", "Format", CONTAINERS, form.work === "resize" ? "As the input" : "Choose")
            )}
          </div>
          <details class="more-fields">
            <summary>More</summary>
            <div class="fields">
              {form.work !== "preset" && !still && select("videoCodec", "Video", VIDEO_CODECS)}
              {form.work !== "preset" && !still && !form.mute && select("audioCodec", "Sound", AUDIO_CODECS)}
              {form.work !== "preset" &&
                text("quality", "Quality", {
                  numeric: true,
                  placeholder: "automatic",
                  hint: still ? "1 to 100, best is 100" : "CRF: lower is better",
                })}
              {text("videoId", "Video id", { placeholder: firstFile ? videoIdFor(firstFile.name) : "the file's name" })}
              {text("priority", "Priority", { numeric: true, placeholder: "0", hint: "Higher is taken first" })}
              {text("labels", "Labels", { placeholder: "team=web, batch=7", wide: true })}
              {form.work !== "preset" && !still && (
                <label class="check">
                  <input
                    type="checkbox"
                    checked={form.mute}
                    disabled={busy}
                    onChange={(event) => set("mute", event.currentTarget.checked)}
                  />
                  Without sound
                </label>
              )}
            </div>
          </details>
          {errors.get("") && (
            <p class="field-error" role="alert" tabIndex={-1}>
              {errors.get("")}
            </p>
          )}
        </div>
        <footer>
          {sending ? (
            <div class="sending" role="status">
              <div class="bar" role="progressbar" aria-label="Upload" aria-valuenow={Math.round(sending.share * 100)}>
                <div class="fill" style={{ transform: `scaleX(${sending.share})` }} />
              </div>
              <span class="muted number">
                {sending.share < 1 ? `Uploading ${sending.name}, ${percent(sending.share)}` : "Waiting for the server…"}
              </span>
            </div>
          ) : null}
          {busy ? (
            <button type="button" onClick={() => stop.current?.abort()}>
              Stop
            </button>
          ) : (
            <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
          )}
          <button type="submit" class="primary" disabled={busy}>
            {files.length > 1 ? `Add ${files.length} jobs` : "Add to the queue"}
          </button>
        </footer>
      </form>
    </dialog>
  );
}
