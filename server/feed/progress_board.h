// The latest progress of each running job: overwritten, never queued, lost with the process.

#ifndef SPOOL_SERVER_FEED_PROGRESS_BOARD_H_
#define SPOOL_SERVER_FEED_PROGRESS_BOARD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "server/base/mutex.h"
#include "spool/v1/event.pb.h"
#include "spool/v1/job.pb.h"

namespace spool::feed {

// Thread-safe.
class ProgressBoard {
 public:
  // From here on the job reports progress; `job` is what filters see.
  void Open(const v1::Job& job);
  // Ignored when the job is not open.
  void Post(absl::string_view job_id, const v1::JobProgress& progress);
  void Close(absl::string_view job_id);

  std::optional<v1::JobProgress> Latest(absl::string_view job_id) const;
  // Grows with every Post.
  int64_t version() const;
  // What was posted after version `seen` for jobs that `wanted` says yes to. Sets `seen` to the version now.
  std::vector<v1::ProgressSample> Since(int64_t& seen, absl::FunctionRef<bool(const v1::Job&)> wanted) const;

 private:
  struct Entry {
    v1::Job job;
    v1::JobProgress progress;
    int64_t version = 0;  // 0: nothing posted yet
  };
  mutable Mutex mu_;
  int64_t version_ ABSL_GUARDED_BY(mu_) = 0;
  absl::flat_hash_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spool::feed

#endif  // SPOOL_SERVER_FEED_PROGRESS_BOARD_H_
