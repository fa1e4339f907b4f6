// EventFilter, made ready for many questions.

#ifndef SPOOL_SERVER_FEED_FILTER_H_
#define SPOOL_SERVER_FEED_FILTER_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "server/feed/chunk.h"
#include "spool/v1/event.pb.h"
#include "spool/v1/job.pb.h"

namespace spool::feed {

// INVALID_ARGUMENT (FILTER_INVALID) names the field: too many ids, an empty id, an unknown enum value.
absl::Status CheckFilter(const v1::EventFilter& filter);

// Immutable; thread-safe.
class Filter {
 public:
  explicit Filter(const v1::EventFilter& filter);

  // Matches every event.
  bool all() const { return all_; }
  // Entry `i` of a chunk that has digests.
  bool Matches(const Chunk& chunk, int i) const;
  // A job in a snapshot, or one that reports progress: as its latest event would, but for the event's type.
  bool Matches(const v1::Job& job) const;
  bool MatchesProgress(const v1::Job& job) const;
  // Whether the event is about a job that the filter is about: the event's type, and the state, do not matter.
  bool IsAbout(const v1::Event& event) const;

 private:
  bool HasLabels(const google::protobuf::Map<std::string, std::string>& labels) const;

  bool all_;
  absl::flat_hash_map<uint64_t, std::vector<std::string>> jobs_;
  absl::flat_hash_map<uint64_t, std::vector<std::string>> videos_;
  uint64_t types_ = 0;   // bit set; 0: any
  uint64_t states_ = 0;  // bit set; 0: any
  google::protobuf::Map<std::string, std::string> labels_;
};

}  // namespace spool::feed

#endif  // SPOOL_SERVER_FEED_FILTER_H_
