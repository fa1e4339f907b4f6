// Events in the form in which they are sent: encoded once, shared by every subscriber.

#ifndef SPOOL_SERVER_FEED_CHUNK_H_
#define SPOOL_SERVER_FEED_CHUNK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/store/job_store.h"
#include "spool/v1/event.pb.h"

namespace spool::feed {

// What filters look at first; 24 bytes an event.
struct EventDigest {
  uint64_t job_hash = 0;
  uint64_t video_hash = 0;
  uint8_t type = 0;   // EventType
  uint8_t state = 0;  // JobState
};

uint64_t HashOf(absl::string_view id);

// A contiguous stretch of the log. `bytes` is a run of entries, each the encoding of field 1 of WatchEventsResponse
// (tag, length, Event), so that any stretch of it is a valid piece of a response. Immutable once it is shared.
class Chunk {
 public:
  // Of a commit, or of a part of one.
  static std::shared_ptr<const Chunk> Of(absl::Span<const store::CommittedEvent> events);
  // Of a page of the log. DataLoss (LOG_CORRUPT) if an entry is not an Event; only looked at when `digest` is wanted.
  enum class Digest { kYes, kNo };
  static absl::StatusOr<std::shared_ptr<const Chunk>> Of(absl::Span<const store::StoredEvent> events, Digest digest);

  int64_t first() const { return first_; }
  int64_t last() const { return first_ + size() - 1; }
  int size() const { return static_cast<int>(ends_.size()); }
  const std::string& bytes() const { return bytes_; }
  // Entry i (from 0) lies in [begin(i), end(i)) of bytes().
  size_t begin(int i) const { return i == 0 ? 0 : ends_[i - 1]; }
  size_t end(int i) const { return ends_[i]; }
  const EventDigest& digest(int i) const { return digests_[i]; }
  // Entry i as a message. Cannot fail for what this server encoded; a default Event otherwise.
  v1::Event Parse(int i) const;

 private:
  void Append(absl::string_view event);

  int64_t first_ = 0;
  std::vector<uint32_t> ends_;
  std::string bytes_;
  std::vector<EventDigest> digests_;
};

}  // namespace spool::feed

#endif  // SPOOL_SERVER_FEED_CHUNK_H_
