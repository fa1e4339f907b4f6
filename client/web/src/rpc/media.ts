// Files in and out over plain HTTP: uploads that tell how far they are, and addresses for <video> and <img>.
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type UploadMediaResponse, UploadMediaResponseSchema } from "../../gen/spool/v1/media_service_pb";

function uploaded(text: string): UploadMediaResponse {
  const answer = JSON.parse(text) as JsonValue;
  return fromJson(UploadMediaResponseSchema, answer, { ignoreUnknownFields: true });
}

function refusal(status: number, text: string): ConnectError {
  let message = `The server answered ${status}`;
  try {
    const answer = JSON.parse(text) as { message?: unknown; error?: { message?: unknown } };
    const said = answer.message ?? answer.error?.message;
    if (typeof said === "string" && said) message = said;
  } catch {
    // Not an answer of Spool's: the number must do.
  }
  return new ConnectError(message, status === 401 ? Code.Unauthenticated : Code.Unknown);
}

// `onProgress` is told the share that was sent, 0 to 1. Throws a ConnectError; an aborted upload is Code.Canceled.
export function upload(
  file: File,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<UploadMediaResponse> {
  return new Promise((resolve, reject) => {
    // fetch() does not tell how much of a body was sent.
    const request = new XMLHttpRequest();
    request.open("PUT", `/v1/media?file_name=${encodeURIComponent(file.name)}`);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable && event.total > 0) onProgress(event.loaded / event.total);
    };
    request.onload = () => {
      if (request.status < 200 || request.status > 299) {
        reject(refusal(request.status, request.responseText));
        return;
      }
      try {
        resolve(uploaded(request.responseText));
      } catch {
        reject(new ConnectError("The answer to the upload makes no sense", Code.Internal));
      }
    };
    request.onerror = () => reject(new ConnectError("The upload was cut off", Code.Unavailable));
    request.onabort = () => reject(new ConnectError("The upload was stopped", Code.Canceled));
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

export interface OutputChoice {
  // Name of one of several outputs; empty for the only one.
  readonly name?: string;
  // The WebVTT file beside a sprite sheet.
  readonly vtt?: boolean;
  readonly download?: boolean;
}

export function outputUrl(jobId: string, choice: OutputChoice = {}): string {
  const parameters = new URLSearchParams();
  if (choice.name) parameters.set("output", choice.name);
  if (choice.vtt) parameters.set("vtt", "1");
  if (choice.download) parameters.set("download", "1");
  return `/v1/jobs/${encodeURIComponent(jobId)}/media${parameters.size ? `?${parameters}` : ""}`;
}
