// Loudness by EBU R128: what sound measures, and the filters that bring it to a target.

#ifndef SPOOL_SERVER_MEDIA_LOUDNESS_H_
#define SPOOL_SERVER_MEDIA_LOUDNESS_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/media/plan.h"
#include "server/media/stage.h"

namespace spool::media {

struct MeasuredLoudness {
  // -70 is silence.
  double integrated_lufs = -70;
  double range_lu = 0;
  double true_peak_dbtp = -100;
};

// Hears all of `source` (decoded sound). Calls `after_frame` with the time that was heard.
absl::StatusOr<MeasuredLoudness> MeasureLoudness(std::unique_ptr<FrameSource> source,
                                                 absl::AnyInvocable<absl::Status(absl::Duration)> after_frame);

// In libavfilter's notation; empty when nothing is to be done. One gain for all where peaks and range allow it, which
// changes nothing but the loudness; else the dynamics are compressed.
std::string LoudnessChain(const MeasuredLoudness& measured, const LoudnessTarget& target);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_LOUDNESS_H_
