// How the steps of a media job are joined: each pulls from the one before it, only when its own output is wanted.
//
// The muxer asks an encoder, the encoder a filter, the filter a decoder, the decoder the demuxer. A stage holds what
// its codec needs and no queue, but for three: the demuxer, because a file mixes its streams as it likes; a Tee, where
// several outputs share a decoder; and a ThreadStage, a queue with a thread behind it, where cores are idle.

#ifndef SPOOL_SERVER_MEDIA_STAGE_H_
#define SPOOL_SERVER_MEDIA_STAGE_H_

#include <variant>

#include "absl/status/statusor.h"
#include "server/av/handles.h"

namespace spool::media {

// There is nothing now, but there may be later: the demuxer would have to read too far ahead to know.
struct NotYet {};
// There is nothing any more.
struct End {};

// An answer to a pull: an item, NotYet or End. After End or an error a stage is not asked again.
template <typename Item>
using Pulled = std::variant<Item, NotYet, End>;

// Items carry their time base in themselves (AVPacket.time_base, AVFrame.time_base).
class PacketSource {
 public:
  virtual ~PacketSource() = default;
  virtual absl::StatusOr<Pulled<av::PacketPtr>> Next() = 0;
};

class FrameSource {
 public:
  virtual ~FrameSource() = default;
  virtual absl::StatusOr<Pulled<av::FramePtr>> Next() = 0;
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_STAGE_H_
