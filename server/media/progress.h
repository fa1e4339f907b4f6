// How far a run is.

#ifndef SPOOL_SERVER_MEDIA_PROGRESS_H_
#define SPOOL_SERVER_MEDIA_PROGRESS_H_

#include <cstdint>
#include <deque>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "spool/v1/job.pb.h"

namespace spool::media {

using ProgressSink = absl::AnyInvocable<void(const v1::JobProgress&)>;
// Time that never steps back, from any beginning.
using Stopwatch = absl::AnyInvocable<absl::Duration()>;

// Turns what the muxers write into samples: finite, never going back, at most ten a second, 1 only at the end. A run
// may have several steps, each of which is a part of the whole. Thread-safe.
class ProgressMeter {
 public:
  // What a step comes to; zeroes are unknown.
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
    int64_t bytes_written = 0;
    // Of a job with several outputs.
    std::vector<v1::OutputProgress> outputs;
  };
  // A step's share of the whole, as fractions of it.
  struct Share {
    double begin = 0;
    double end = 1;
  };

  // Begins with a step that is all there is.
  ProgressMeter(const Whole& whole, Stopwatch stopwatch, ProgressSink sink);

  // The next step. What it does adds to what was done before, unless nothing is written in it.
  enum class Writes { kNo, kYes };
  void Begin(const Whole& whole, Share share, Writes writes);
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

  double FractionOf(const Done& done) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Take(const Done& done) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void TakeOutputs(const std::vector<v1::OutputProgress>& outputs) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void FillRates(const Sample& now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  Mutex mu_;
  Whole whole_ ABSL_GUARDED_BY(mu_);
  Share share_ ABSL_GUARDED_BY(mu_);
  Writes writes_ ABSL_GUARDED_BY(mu_) = Writes::kYes;
  // Of the steps before.
  Done before_ ABSL_GUARDED_BY(mu_);
  Stopwatch stopwatch_ ABSL_GUARDED_BY(mu_);
  ProgressSink sink_ ABSL_GUARDED_BY(mu_);
  v1::JobProgress latest_ ABSL_GUARDED_BY(mu_);
  // Of the last seconds, for the rates.
  std::deque<Sample> window_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_PROGRESS_H_
