// Words for the values of the API's enums.
import { AudioCodec, Container, Fit, JobState, JobType, VideoCodec } from "../../gen/spool/v1/job_pb";

export const STATE_NAMES: Record<JobState, string> = {
  [JobState.UNSPECIFIED]: "Unknown",
  [JobState.SCHEDULED]: "Scheduled",
  [JobState.QUEUED]: "Queued",
  [JobState.RUNNING]: "Running",
  [JobState.COMPLETED]: "Completed",
  [JobState.FAILED]: "Failed",
  [JobState.CANCELLED]: "Cancelled",
};

export const TYPE_NAMES: Record<JobType, string> = {
  [JobType.UNSPECIFIED]: "Job",
  [JobType.RESIZE]: "Resize",
  [JobType.CONVERT]: "Convert",
  [JobType.THUMBNAIL]: "Thumbnail",
  [JobType.SPRITE_SHEET]: "Sprite sheet",
  [JobType.PREVIEW]: "Preview",
  [JobType.OUTPUTS]: "Outputs",
};

export const CONTAINER_NAMES: Record<Container, string> = {
  [Container.UNSPECIFIED]: "",
  [Container.MP4]: "MP4",
  [Container.WEBM]: "WebM",
  [Container.MKV]: "MKV",
  [Container.MOV]: "MOV",
  [Container.JPEG]: "JPEG",
  [Container.PNG]: "PNG",
  [Container.WEBP]: "WebP",
  [Container.GIF]: "GIF",
};

export const FIT_NAMES: Record<Fit, string> = {
  [Fit.UNSPECIFIED]: "",
  [Fit.PAD]: "pad",
  [Fit.CONTAIN]: "contain",
  [Fit.COVER]: "cover",
  [Fit.STRETCH]: "stretch",
  [Fit.SHRINK]: "shrink",
};

export const VIDEO_CODEC_NAMES: Record<VideoCodec, string> = {
  [VideoCodec.UNSPECIFIED]: "",
  [VideoCodec.COPY]: "video copied",
  [VideoCodec.H264]: "H.264",
  [VideoCodec.HEVC]: "HEVC",
  [VideoCodec.VP9]: "VP9",
  [VideoCodec.AV1]: "AV1",
};

export const AUDIO_CODEC_NAMES: Record<AudioCodec, string> = {
  [AudioCodec.UNSPECIFIED]: "",
  [AudioCodec.COPY]: "audio copied",
  [AudioCodec.AAC]: "AAC",
  [AudioCodec.OPUS]: "Opus",
};

export function isImage(container: Container): boolean {
  return (
    container === Container.JPEG ||
    container === Container.PNG ||
    container === Container.WEBP ||
    container === Container.GIF
  );
}
