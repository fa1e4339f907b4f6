// How far a run is.

#ifndef SPOOL_SERVER_MEDIA_PROGRESS_H_
#define SPOOL_SERVER_MEDIA_PROGRESS_H_

#include <cstdint>
#include <deque>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "spool/v1/job.pb.h"

namespace spool::media {

using ProgressSink = absl::AnyInvocable<void(const v1::JobProgress&)>;
// Time that never steps back, from any beginning.
using Stopwatch = absl::AnyInvocable<absl::Duration()>;

// Turns what the muxer writes into samples: finite, never going back, at most ten a second, 1 only at the end.
class ProgressMeter {
 public:
  // What the whole comes to; zeroes are unknown.
  struct Whole {
    absl::Duration duration = absl::ZeroDuration();
    int64_t frames = 0;
    int64_t bytes = 0;
  };
  // What is done of it.
  struct Done {
    absl::Duration media_time = absl::ZeroDuration();
    int64_t frames = 0;
    int64_t bytes_read = 0;
  };

  ProgressMeter(const Whole& whole, Stopwatch stopwatch, ProgressSink sink);

  void Update(const Done& done);
  // Sends the last sample, whatever was sent when.
  void Finish(const Done& done);

 private:
  struct Sample {
    absl::Duration at;
    int64_t frames;
    absl::Duration media_time;
    double fraction;
  };

  double FractionOf(const Done& done) const;
  void FillRates(const Sample& now, v1::JobProgress& progress) const;

  const Whole whole_;
  Stopwatch stopwatch_;
  ProgressSink sink_;
  v1::JobProgress latest_;
  // Of the last seconds, for the rates.
  std::deque<Sample> window_;
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_PROGRESS_H_
