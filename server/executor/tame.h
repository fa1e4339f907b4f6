// What a worker says, made fit to be kept and shown: it reads hostile files and may have become hostile itself. Text is
// cut and made printable ASCII, lists are cut, numbers are put into their ranges, fields that are not its to set are
// cleared.

#ifndef SPOOL_SERVER_EXECUTOR_TAME_H_
#define SPOOL_SERVER_EXECUTOR_TAME_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "spool/v1/job.pb.h"
#include "spool/v1/media.pb.h"

namespace spool::executor {

inline constexpr size_t kMaxTextBytes = 4096;

std::string Tame(absl::string_view text, size_t max_bytes);

// `last` is what was told before: nothing falls. `names` are the outputs of a job with several, each of which gets one
// entry; empty for other jobs.
v1::JobProgress Tame(const v1::JobProgress& told, const v1::JobProgress& last, const std::vector<std::string>& names,
                     int attempt);

// The plan of the output that is called `name`.
v1::OutputPlan Tame(v1::OutputPlan plan, absl::string_view name);

v1::JobResult Tame(v1::JobResult result);

v1::MediaInfo Tame(v1::MediaInfo media);

// An amount that is finite and not negative.
double TameAmount(double value);

}  // namespace spool::executor

#endif  // SPOOL_SERVER_EXECUTOR_TAME_H_
