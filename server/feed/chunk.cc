#include "server/feed/chunk.h"

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "server/base/errors.h"

namespace spool::feed {
namespace {

// Field 1, length-delimited: WatchEventsResponse.events.
constexpr char kTag = 0x0a;

EventDigest DigestOf(const v1::Event& event) {
  return {HashOf(event.job_id()), HashOf(event.video_id()), static_cast<uint8_t>(event.type()),
          static_cast<uint8_t>(event.state())};
}

}  // namespace

// Lives only in this process, so a hash that differs between runs will do.
uint64_t HashOf(absl::string_view id) { return absl::HashOf(id); }

void Chunk::Append(absl::string_view event) {
  uint8_t length[5];
  const uint8_t* const end =
      google::protobuf::io::CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(event.size()), length);
  bytes_ += kTag;
  bytes_.append(reinterpret_cast<const char*>(length), end - length);
  bytes_.append(event.data(), event.size());
  ends_.push_back(static_cast<uint32_t>(bytes_.size()));
}

std::shared_ptr<const Chunk> Chunk::Of(absl::Span<const store::CommittedEvent> events) {
  auto chunk = std::make_shared<Chunk>();
  chunk->first_ = events[0].event.sequence();
  size_t bytes = 0;
  for (const auto& event : events) bytes += event.bytes.size() + 6;
  chunk->bytes_.reserve(bytes);
  chunk->ends_.reserve(events.size());
  chunk->digests_.reserve(events.size());
  for (const auto& event : events) {
    chunk->Append(event.bytes);
    chunk->digests_.push_back(DigestOf(event.event));
  }
  return chunk;
}

absl::StatusOr<std::shared_ptr<const Chunk>> Chunk::Of(absl::Span<const store::StoredEvent> events, Digest digest) {
  auto chunk = std::make_shared<Chunk>();
  chunk->first_ = events[0].sequence;
  for (const auto& stored : events) {
    chunk->Append(stored.bytes);
    if (digest == Digest::kNo) continue;
    v1::Event event;
    if (!event.ParseFromString(stored.bytes) || event.sequence() != stored.sequence) {
      return Error(absl::StatusCode::kDataLoss, "LOG_CORRUPT",
                   absl::StrCat("event ", stored.sequence, " cannot be read"),
                   {{"sequence", absl::StrCat(stored.sequence)}});
    }
    chunk->digests_.push_back(DigestOf(event));
  }
  return chunk;
}

v1::Event Chunk::Parse(int i) const {
  const absl::string_view entry = absl::string_view(bytes_).substr(begin(i), end(i) - begin(i));
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(entry.data()),
                                                static_cast<int>(entry.size()));
  uint32_t length = 0;
  v1::Event event;
  if (stream.ReadTag() != kTag || !stream.ReadVarint32(&length)) return event;
  const int header = stream.CurrentPosition();
  if (!event.ParseFromArray(entry.data() + header, static_cast<int>(entry.size()) - header)) event.Clear();
  return event;
}

}  // namespace spool::feed
