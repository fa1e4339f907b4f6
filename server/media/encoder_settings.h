// A video target in the words of each encoder. Pure.

#ifndef SPOOL_SERVER_MEDIA_ENCODER_SETTINGS_H_
#define SPOOL_SERVER_MEDIA_ENCODER_SETTINGS_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "server/av/libav.h"
#include "server/media/plan.h"

namespace spool::media {

// HDR metadata of a stream, in x265's and SVT-AV1's notations; empty when it has none.
struct HdrMetadata {
  // x265: "G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min)", in the units of SEI.
  std::string x265_display;
  // SVT-AV1: the same with fractions.
  std::string svt_display;
  // "max content, max average".
  std::string light;
  static HdrMetadata Of(const AVFrame& frame);
};

// Options for avcodec_open2. Bitrate and thread count are fields of the codec's context and not here.
std::map<std::string, std::string> EncoderSettings(const VideoTarget& target, int threads, const HdrMetadata& hdr);

// Whether the encoder knows the preset.
bool IsPreset(const VideoEncoderFacts& encoder, absl::string_view preset);

// The largest quality number that the codec knows.
int MaxQuality(const VideoEncoderFacts& encoder);

// The mjpeg encoder's quantiser scale for a quality of 1 to 100 in libjpeg's sense.
int JpegScaleFor(int quality);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_ENCODER_SETTINGS_H_
