#include "server/media/encoder_settings.h"

#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/av/handles.h"

namespace spool::media {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

VideoTarget Target(AVCodecID codec) {
  VideoTarget target;
  target.encoder = VideoEncoderFor(codec);
  target.size = {1280, 720};
  target.quality = target.encoder->default_quality;
  target.preset = target.encoder->default_preset;
  return target;
}

TEST(EncoderSettings, AskForConstantQualityUnlessThereIsABitrate) {
  for (const AVCodecID codec : {AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_VP9, AV_CODEC_ID_AV1}) {
    VideoTarget target = Target(codec);
    EXPECT_THAT(EncoderSettings(target, 1, {}), Contains(Pair("crf", std::to_string(target.quality))));
    target.bitrate_bps = 1000000;
    EXPECT_THAT(EncoderSettings(target, 1, {}), Not(Contains(Key("crf"))));
  }
}

TEST(EncoderSettings, PassThePresetOnInTheEncodersOwnTerms) {
  EXPECT_THAT(EncoderSettings(Target(AV_CODEC_ID_H264), 1, {}), Contains(Pair("preset", "veryfast")));
  EXPECT_THAT(EncoderSettings(Target(AV_CODEC_ID_VP9), 1, {}), Contains(Pair("cpu-used", "4")));
  EXPECT_THAT(EncoderSettings(Target(AV_CODEC_ID_AV1), 1, {}), Contains(Pair("preset", "8")));
}

TEST(EncoderSettings, HoldLibrariesWithPoolsOfTheirOwnToTheThreads) {
  EXPECT_THAT(EncoderSettings(Target(AV_CODEC_ID_HEVC), 1, {})["x265-params"], HasSubstr("pools=none"));
  EXPECT_THAT(EncoderSettings(Target(AV_CODEC_ID_HEVC), 4, {})["x265-params"], HasSubstr("pools=4"));
  EXPECT_THAT(EncoderSettings(Target(AV_CODEC_ID_AV1), 2, {})["svtav1-params"], HasSubstr("lp=2"));
}

TEST(EncoderSettings, CarryHdrMetadata) {
  av::FramePtr frame(av_frame_alloc());
  AVMasteringDisplayMetadata* display = av_mastering_display_metadata_create_side_data(frame.get());
  display->has_primaries = display->has_luminance = 1;
  const AVRational primaries[3][2] = {
      {{34000, 50000}, {16000, 50000}}, {{13250, 50000}, {34500, 50000}}, {{7500, 50000}, {3000, 50000}}};
  for (int i = 0; i < 3; ++i) {
    for (int axis = 0; axis < 2; ++axis) display->display_primaries[i][axis] = primaries[i][axis];
  }
  display->white_point[0] = {15635, 50000};
  display->white_point[1] = {16450, 50000};
  display->max_luminance = {10000000, 10000};
  display->min_luminance = {1, 10000};
  AVContentLightMetadata* light = av_content_light_metadata_create_side_data(frame.get());
  light->MaxCLL = 1000;
  light->MaxFALL = 400;
  const HdrMetadata hdr = HdrMetadata::Of(*frame);
  EXPECT_EQ(hdr.x265_display, "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)");
  EXPECT_EQ(hdr.light, "1000,400");
  EXPECT_THAT(EncoderSettings(Target(AV_CODEC_ID_HEVC), 1, hdr)["x265-params"],
              HasSubstr("master-display=" + hdr.x265_display + ":max-cll=1000,400"));
}

TEST(Preset, IsCheckedAgainstTheEncodersList) {
  EXPECT_TRUE(IsPreset(*VideoEncoderFor(AV_CODEC_ID_H264), "ultrafast"));
  EXPECT_FALSE(IsPreset(*VideoEncoderFor(AV_CODEC_ID_H264), "4"));
  EXPECT_TRUE(IsPreset(*VideoEncoderFor(AV_CODEC_ID_VP9), "8"));
  EXPECT_FALSE(IsPreset(*VideoEncoderFor(AV_CODEC_ID_VP9), "9"));
  EXPECT_FALSE(IsPreset(*VideoEncoderFor(AV_CODEC_ID_VP9), "-1"));
  EXPECT_FALSE(IsPreset(*VideoEncoderFor(AV_CODEC_ID_VP9), " 4"));
  EXPECT_TRUE(IsPreset(*VideoEncoderFor(AV_CODEC_ID_AV1), "12"));
  EXPECT_FALSE(IsPreset(*VideoEncoderFor(AV_CODEC_ID_AV1), "13"));
  EXPECT_FALSE(IsPreset(*VideoEncoderFor(AV_CODEC_ID_PNG), "1"));
}

TEST(JpegScale, FallsAsQualityRises) {
  EXPECT_EQ(JpegScaleFor(100), 1);
  EXPECT_EQ(JpegScaleFor(1), 31);
  for (int quality = 2; quality <= 100; ++quality) EXPECT_LE(JpegScaleFor(quality), JpegScaleFor(quality - 1));
  EXPECT_LT(JpegScaleFor(85), 6);
}

}  // namespace
}  // namespace spool::media
