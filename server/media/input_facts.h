// What is known of an input before any of it is planned.

#ifndef SPOOL_SERVER_MEDIA_INPUT_FACTS_H_
#define SPOOL_SERVER_MEDIA_INPUT_FACTS_H_

#include <vector>

#include "absl/time/time.h"
#include "server/av/libav.h"
#include "server/media/geometry.h"
#include "spool/v1/media.pb.h"

namespace spool::media {

// What the planner asks about a stream beyond what StreamInfo tells people.
struct StreamFacts {
  AVCodecID codec = AV_CODEC_ID_NONE;
  // There is an allowed decoder.
  bool decodable = false;
  bool is_default = false;
  // Frames that the container counts; 0 when it does not say.
  int64_t frames = 0;

  // Video only.
  Picture picture;
  int bit_depth = 8;
  bool has_alpha = false;
  bool is_interlaced = false;
  // A still that ends before its picture does.
  bool breaks_off = false;
  // PQ or HLG.
  bool is_hdr = false;
  // Of the times that were asked about, those at which a picture begins that needs none before it, and which none
  // before it needs.
  std::vector<absl::Duration> key_frames;
};

struct InputFacts {
  // info.streams(i) and streams[i] are the same stream.
  v1::MediaInfo info;
  std::vector<StreamFacts> streams;
  // What Spool writes for this format; CONTAINER_UNSPECIFIED when it cannot.
  v1::Container container = v1::CONTAINER_UNSPECIFIED;
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_INPUT_FACTS_H_
