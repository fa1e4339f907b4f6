// Looks at an input.

#ifndef SPOOL_SERVER_MEDIA_PROBE_H_
#define SPOOL_SERVER_MEDIA_PROBE_H_

#include "absl/status/statusor.h"
#include "server/av/input.h"
#include "server/media/input_facts.h"

namespace spool::media {

// What `input` holds, from its headers; `fd` is the same file, for the little that libav does not tell. Leaves the
// input where it was. UNSUPPORTED_MEDIA for what libav would misread in silence.
absl::StatusOr<InputFacts> Probe(const av::Input& input, int fd);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_PROBE_H_
