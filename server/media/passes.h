// Readings of the input that write nothing, before the one that does.

#ifndef SPOOL_SERVER_MEDIA_PASSES_H_
#define SPOOL_SERVER_MEDIA_PASSES_H_

#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/av/input.h"
#include "server/media/input_facts.h"
#include "server/media/loudness.h"
#include "server/media/plan.h"
#include "server/media/run_options.h"

namespace spool::media {

// Measures sound stream `stream` in `range`. What is damaged in it will be told by the reading that writes.
absl::StatusOr<MeasuredLoudness> Hear(av::Input* input, int stream, const TimeRange& range,
                                      absl::AnyInvocable<void(absl::Duration media_time)> after_frame);

// The first of two passes over the picture of `plan`. `pass_log` is a name on entry; it is to be handed to the second
// pass as it is then.
absl::Status RunFirstPass(av::Input* input, const InputFacts& facts, const Plan& plan, const RunOptions& options,
                          std::string* pass_log,
                          absl::AnyInvocable<void(int64_t frames, absl::Duration media_time)> after_frame);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_PASSES_H_
