#include "server/media/video_chain.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/av/filter_graph.h"
#include "server/av/handles.h"
#include "server/base/status_matchers.h"

namespace spool::media {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

VideoTarget Target(AVCodecID codec, Size size, v1::Fit fit = v1::FIT_PAD) {
  VideoTarget target;
  target.encoder = VideoEncoderFor(codec);
  target.size = size;
  target.fit = fit;
  target.rounding = target.encoder->codec == v1::VIDEO_CODEC_UNSPECIFIED ? Rounding::kAny : Rounding::kEven;
  return target;
}

FrameShape Shape(Size size, AVPixelFormat format) {
  FrameShape shape;
  shape.size = size;
  shape.format = format;
  return shape;
}

// A frame of the shape, every byte `value`, through the chain; null if libav refuses any of it.
av::FramePtr Filtered(const FrameShape& shape, const VideoTarget& target, uint8_t value = 0) {
  av::FramePtr frame(av_frame_alloc());
  frame->width = shape.size.width;
  frame->height = shape.size.height;
  frame->format = shape.format;
  frame->color_range = shape.range;
  frame->colorspace = shape.matrix;
  frame->color_trc = shape.transfer;
  frame->color_primaries = shape.primaries;
  frame->sample_aspect_ratio = shape.pixel_aspect;
  frame->time_base = {1, 25};
  frame->pts = 0;
  EXPECT_GE(av_frame_get_buffer(frame.get(), 0), 0);
  for (const AVBufferRef* buffer : frame->buf) {
    if (buffer != nullptr) std::fill_n(buffer->data, buffer->size, value);
  }
  const std::string chain = VideoChain(shape, target);
  auto graph = av::FilterGraph::Create(*frame, chain, 1);
  EXPECT_OK(graph) << chain;
  if (!graph.ok()) return nullptr;
  EXPECT_OK((*graph)->Push(std::move(frame)));
  EXPECT_OK((*graph)->Push(nullptr));
  auto filtered = (*graph)->Pull();
  EXPECT_OK(filtered) << chain;
  return filtered.ok() ? *std::move(filtered) : nullptr;
}

TEST(VideoChain, AnyFormatAndSizeBecomesWhatTheEncoderTakes) {
  const AVPixelFormat formats[] = {
      AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P,  AV_PIX_FMT_YUV422P10, AV_PIX_FMT_YUV444P,    AV_PIX_FMT_YUV410P,
      AV_PIX_FMT_NV12,    AV_PIX_FMT_P010,      AV_PIX_FMT_GRAY8,     AV_PIX_FMT_GRAY16,     AV_PIX_FMT_YA8,
      AV_PIX_FMT_RGB24,   AV_PIX_FMT_RGBA,      AV_PIX_FMT_RGB48BE,   AV_PIX_FMT_RGBA64BE,   AV_PIX_FMT_PAL8,
      AV_PIX_FMT_GBRP,    AV_PIX_FMT_GBRAP,     AV_PIX_FMT_MONOBLACK, AV_PIX_FMT_YUYV422,    AV_PIX_FMT_YUVA420P,
      AV_PIX_FMT_RGB555,  AV_PIX_FMT_YUV420P12, AV_PIX_FMT_GBRPF32,   AV_PIX_FMT_YUVA444P10,
  };
  const AVCodecID codecs[] = {AV_CODEC_ID_H264, AV_CODEC_ID_MJPEG, AV_CODEC_ID_PNG, AV_CODEC_ID_WEBP, AV_CODEC_ID_GIF};
  for (const AVPixelFormat format : formats) {
    for (const AVCodecID codec : codecs) {
      for (const Size from : {Size{32, 24}, Size{17, 11}}) {
        for (const bool flatten : {false, true}) {
          VideoTarget target = Target(codec, {20, 20});
          target.flatten = flatten || codec == AV_CODEC_ID_H264 || codec == AV_CODEC_ID_MJPEG;
          SCOPED_TRACE(testing::Message()
                       << av_get_pix_fmt_name(format) << " " << from.width << " to " << avcodec_get_name(codec));
          const FrameShape shape = Shape(from, format);
          const av::FramePtr frame = Filtered(shape, target);
          ASSERT_NE(frame, nullptr);
          EXPECT_EQ(frame->width, 20);
          EXPECT_EQ(frame->height, 20);
          EXPECT_EQ(frame->format, EncodedFormat(shape, target));
        }
      }
    }
  }
}

TEST(VideoChain, ScalesPlanarPicturesWithZimg) {
  EXPECT_THAT(VideoChain(Shape({640, 360}, AV_PIX_FMT_YUV420P), Target(AV_CODEC_ID_H264, {320, 180})),
              StartsWith("zscale=w=320:h=180"));
  EXPECT_THAT(VideoChain(Shape({641, 361}, AV_PIX_FMT_YUV420P), Target(AV_CODEC_ID_H264, {320, 180})),
              StartsWith("scale=w=320:h=180"));
}

TEST(VideoChain, TouchesNothingThatFits) {
  EXPECT_EQ(VideoChain(Shape({640, 360}, AV_PIX_FMT_YUV420P), Target(AV_CODEC_ID_H264, {640, 360})),
            "format=yuv420p,setsar=1");
}

TEST(VideoChain, TurnsBeforeItScales) {
  VideoTarget target = Target(AV_CODEC_ID_H264, {180, 320}, v1::FIT_CONTAIN);
  target.orientation = {false, 90};
  EXPECT_THAT(VideoChain(Shape({640, 360}, AV_PIX_FMT_YUV420P), target),
              StartsWith("transpose=clock,zscale=w=180:h=320"));
}

TEST(VideoChain, TurnsAPictureTheRightWay) {
  // White on the left half, black on the right.
  for (const auto& [orientation, x, y] :
       {std::tuple(Orientation{false, 90}, 16, 4),    // up
        std::tuple(Orientation{false, 270}, 16, 28),  // down
        std::tuple(Orientation{false, 180}, 28, 16),  // right
        std::tuple(Orientation{true, 0}, 28, 16), std::tuple(Orientation{true, 90}, 16, 28)}) {
    VideoTarget target = Target(AV_CODEC_ID_PNG, {32, 32});
    target.orientation = orientation;
    const FrameShape shape = Shape({32, 32}, AV_PIX_FMT_GRAY8);
    av::FramePtr frame(av_frame_alloc());
    frame->width = frame->height = 32;
    frame->format = AV_PIX_FMT_GRAY8;
    frame->time_base = {1, 25};
    ASSERT_GE(av_frame_get_buffer(frame.get(), 0), 0);
    for (int row = 0; row < 32; ++row) {
      for (int column = 0; column < 32; ++column)
        frame->data[0][row * frame->linesize[0] + column] = column < 16 ? 255 : 0;
    }
    auto graph = av::FilterGraph::Create(*frame, VideoChain(shape, target), 1);
    ASSERT_OK(graph);
    ASSERT_OK((*graph)->Push(std::move(frame)));
    ASSERT_OK((*graph)->Push(nullptr));
    auto turned = (*graph)->Pull();
    ASSERT_OK(turned);
    EXPECT_EQ((*turned)->data[0][y * (*turned)->linesize[0] + x], 255) << orientation.flip << orientation.degrees;
  }
}

TEST(VideoChain, DeinterlacesFirstAndOnlyWhatIsInterlaced) {
  FrameShape shape = Shape({640, 360}, AV_PIX_FMT_YUV420P);
  EXPECT_THAT(VideoChain(shape, Target(AV_CODEC_ID_H264, {320, 180})), Not(HasSubstr("bwdif")));
  shape.interlaced = true;
  EXPECT_THAT(VideoChain(shape, Target(AV_CODEC_ID_H264, {320, 180})), StartsWith("bwdif"));
}

TEST(VideoChain, PutsTransparentPicturesOnWhite) {
  VideoTarget target = Target(AV_CODEC_ID_MJPEG, {16, 16});
  target.flatten = true;
  // All zero: black and wholly transparent.
  const av::FramePtr frame = Filtered(Shape({16, 16}, AV_PIX_FMT_RGBA), target, 0);
  ASSERT_NE(frame, nullptr);
  EXPECT_GE(frame->data[0][0], 250);
}

TEST(VideoChain, KeepsAlphaWhereTheFormatHasIt) {
  EXPECT_EQ(EncodedFormat(Shape({16, 16}, AV_PIX_FMT_YUVA420P), Target(AV_CODEC_ID_PNG, {8, 8})), AV_PIX_FMT_RGBA);
  EXPECT_EQ(EncodedFormat(Shape({16, 16}, AV_PIX_FMT_RGBA), Target(AV_CODEC_ID_WEBP, {8, 8})), AV_PIX_FMT_BGRA);
}

TEST(VideoChain, BringsFullRangeDownForVideoAndUpForJpeg) {
  // White in full range is 255, in limited range 235.
  const av::FramePtr video = Filtered(Shape({32, 32}, AV_PIX_FMT_YUVJ420P), Target(AV_CODEC_ID_H264, {16, 16}), 255);
  ASSERT_NE(video, nullptr);
  EXPECT_NEAR(video->data[0][0], 235, 1);
  FrameShape limited = Shape({32, 32}, AV_PIX_FMT_YUV420P);
  limited.range = AVCOL_RANGE_MPEG;
  const av::FramePtr jpeg = Filtered(limited, Target(AV_CODEC_ID_MJPEG, {16, 16}), 235);
  ASSERT_NE(jpeg, nullptr);
  EXPECT_NEAR(jpeg->data[0][0], 255, 1);
}

TEST(VideoChain, ToneMapsToBt709) {
  FrameShape shape = Shape({64, 48}, AV_PIX_FMT_YUV420P10);
  shape.transfer = AVCOL_TRC_SMPTE2084;
  VideoTarget target = Target(AV_CODEC_ID_H264, {32, 24});
  target.tone_map = true;
  const av::FramePtr frame = Filtered(shape, target, 0);
  ASSERT_NE(frame, nullptr);
  EXPECT_EQ(frame->format, AV_PIX_FMT_YUV420P);
  EXPECT_EQ(frame->color_trc, AVCOL_TRC_BT709);
  EXPECT_EQ(frame->color_primaries, AVCOL_PRI_BT709);
}

TEST(FrameShape, TellsWhatNeedsAnotherGraph) {
  const FrameShape shape = Shape({640, 360}, AV_PIX_FMT_YUV420P);
  EXPECT_EQ(shape, Shape({640, 360}, AV_PIX_FMT_YUV420P));
  EXPECT_FALSE(shape == Shape({320, 360}, AV_PIX_FMT_YUV420P));
  EXPECT_FALSE(shape == Shape({640, 360}, AV_PIX_FMT_YUV422P));
  FrameShape interlaced = shape;
  interlaced.interlaced = true;
  EXPECT_FALSE(shape == interlaced);
}

}  // namespace
}  // namespace spool::media
