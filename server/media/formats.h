// What each container may hold, and how Spool encodes: the tables that the planner reads.

#ifndef SPOOL_SERVER_MEDIA_FORMATS_H_
#define SPOOL_SERVER_MEDIA_FORMATS_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/av/libav.h"
#include "spool/v1/job.pb.h"

namespace spool::media {

// How a container takes a codec.
enum class Holding {
  // It cannot.
  kNo,
  // Its muxer writes it, but common players of the container do not expect it: only when asked for.
  kIfAsked,
  kYes,
};

struct ContainerFacts {
  v1::Container container;
  // For people: "mp4".
  const char* name;
  // libav's muxer.
  const char* muxer;
  // One picture and nothing else (GIF: pictures and nothing else).
  bool is_image;
  bool keeps_alpha;
  bool keeps_rotation;
  bool keeps_cover_art;
  // Codecs for what cannot be copied. AV_CODEC_ID_NONE: never holds any.
  AVCodecID usual_video;
  AVCodecID usual_audio;
  AVCodecID usual_subtitle;
};

// `container` is a real one, not CONTAINER_UNSPECIFIED.
const ContainerFacts& FactsOf(v1::Container container);

Holding HoldingOf(v1::Container container, AVCodecID codec);

// Whether the codec's subtitles are text, and so can be turned into another text codec.
bool IsTextSubtitle(AVCodecID codec);

// One encoder that Spool drives.
struct VideoEncoderFacts {
  v1::VideoCodec codec;  // UNSPECIFIED for stills
  AVCodecID id;
  // libav's encoder.
  const char* encoder;
  int default_quality;
  const char* default_preset;
  // Codes 10-bit pictures, so HDR can stay HDR.
  bool ten_bit;
  bool keeps_alpha;
};

// Null when Spool cannot encode it.
const VideoEncoderFacts* VideoEncoderFor(AVCodecID id);
// The one to use for pictures of this size, which not every encoder takes.
const VideoEncoderFacts& ForSize(const VideoEncoderFacts& encoder, int width, int height);
// The one for pictures that move.
const VideoEncoderFacts& AnimatedWebp();
// libav's name for it; AV_PIX_FMT_NONE when unspecified.
AVPixelFormat FormatOf(v1::PixelFormat format);
AVCodecID IdOf(v1::VideoCodec codec);
AVCodecID IdOf(v1::AudioCodec codec);
// libav's encoder; null when Spool cannot encode it.
const char* AudioEncoderFor(AVCodecID id);
const char* SubtitleEncoderFor(AVCodecID id);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_FORMATS_H_
