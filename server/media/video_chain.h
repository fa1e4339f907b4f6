// The filters between a decoder and a video encoder, in libavfilter's notation. Pure.

#ifndef SPOOL_SERVER_MEDIA_VIDEO_CHAIN_H_
#define SPOOL_SERVER_MEDIA_VIDEO_CHAIN_H_

#include <string>

#include "server/av/libav.h"
#include "server/media/plan.h"

namespace spool::media {

// What of a frame decides its filters. Frames that compare equal go through the same graph.
struct FrameShape {
  Size size;
  AVPixelFormat format = AV_PIX_FMT_NONE;
  AVRational pixel_aspect = {1, 1};
  AVColorRange range = AVCOL_RANGE_UNSPECIFIED;
  AVColorSpace matrix = AVCOL_SPC_UNSPECIFIED;
  AVColorTransferCharacteristic transfer = AVCOL_TRC_UNSPECIFIED;
  AVColorPrimaries primaries = AVCOL_PRI_UNSPECIFIED;
  // Sticky: some frames of interlaced material say they are progressive.
  bool interlaced = false;

  static FrameShape Of(const AVFrame& frame);
  bool operator==(const FrameShape& other) const;
};

// What frames of a stream will most likely be, to tell of their filters before one is decoded.
FrameShape ExpectedShape(const v1::StreamInfo& info, const StreamFacts& facts);

// Pixel format that the encoder of `target` gets for frames of `shape`.
AVPixelFormat EncodedFormat(const FrameShape& shape, const VideoTarget& target);

// Frames of `shape` to frames of target.frame() in EncodedFormat with square pixels.
std::string VideoChain(const FrameShape& shape, const VideoTarget& target);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_VIDEO_CHAIN_H_
