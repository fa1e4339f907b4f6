// Times of the wire as numbers: milliseconds since 1970 and lengths in milliseconds.
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";

export function millis(time: Timestamp | undefined): number | undefined {
  return time && Number(time.seconds) * 1000 + time.nanos / 1e6;
}

export function lengthMillis(length: Duration | undefined): number | undefined {
  return length && Number(length.seconds) * 1000 + length.nanos / 1e6;
}
