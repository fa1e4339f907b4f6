#include "server/job/spec.h"

#include <string>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "server/base/errors.h"
#include "server/base/status_matchers.h"
#include "server/job/request.h"

namespace spool::job {
namespace {

v1::EnqueueRequest Request(const std::string& text) {
  v1::EnqueueRequest request;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request)) << text;
  if (request.input().empty()) request.set_input("a.mp4");
  return request;
}

absl::StatusOr<NewJob> Make(const std::string& text) {
  static UlidSource* const ulids = new UlidSource;
  return MakeJob(Request(text), absl::FromUnixSeconds(1767225600), *ulids);
}

TEST(Spec, GoodOnesOfEveryType) {
  const struct {
    const char* text;
    v1::JobType type;
    const char* prefix;
  } cases[] = {
      {R"pb(resize {
              width: 640
              height: 360
              fit: FIT_COVER
              crop_gravity: CROP_GRAVITY_TOP
              pad_color: "#102030"
              trim { duration { seconds: 1 } }
              metadata: METADATA_POLICY_STRIP
              on_damage: ON_DAMAGE_FAIL
              video {
                codec: VIDEO_CODEC_HEVC
                bitrate_bps: 2000000
                two_pass: true
                keyframe_interval { seconds: 2 }
                pixel_format: PIXEL_FORMAT_YUV420P10
                frame_rate: 23.976
              }
              audio {
                sample_rate: 48000
                channels: 2
                loudness {}
              }
            })pb",
       v1::JOB_TYPE_RESIZE, "resize-"},
      {R"pb(convert { video { target_bytes: 8000000 two_pass: true } })pb", v1::JOB_TYPE_CONVERT, "convert-"},
      {R"pb(convert { metadata: METADATA_POLICY_STRIP never_larger: true })pb", v1::JOB_TYPE_CONVERT, "convert-"},
      {R"pb(convert {
              container: CONTAINER_MP4
              video { drop: true }
            })pb",
       v1::JOB_TYPE_CONVERT, "convert-"},
      {R"pb(convert {
              container: CONTAINER_GIF
              video { frame_rate: 10 }
            })pb",
       v1::JOB_TYPE_CONVERT, "convert-"},
      {R"pb(thumbnail {})pb", v1::JOB_TYPE_THUMBNAIL, "thumbnail-"},
      {R"pb(thumbnail {
              at { seconds: 3 }
              width: 320
              container: CONTAINER_PNG
            })pb",
       v1::JOB_TYPE_THUMBNAIL, "thumbnail-"},
      {R"pb(sprite_sheet {
              interval { nanos: 100000000 }
              columns: 20
              rows: 1
              tile_width: 640
            })pb",
       v1::JOB_TYPE_SPRITE_SHEET, "sprite-sheet-"},
      {R"pb(preview {
              container: CONTAINER_GIF
              start {}
              duration { seconds: 60 }
              frame_rate: 50
            })pb",
       v1::JOB_TYPE_PREVIEW, "preview-"},
      {R"pb(outputs { outputs { thumbnail {} } })pb", v1::JOB_TYPE_OUTPUTS, "outputs-"},
  };
  for (const auto& c : cases) {
    const auto made = Make(c.text);
    ASSERT_OK(made) << c.text;
    EXPECT_EQ(made->job.type(), c.type);
    EXPECT_EQ(made->job.id().rfind(c.prefix, 0), 0u) << made->job.id();
  }
}

struct BadCase {
  const char* field;
  const char* text;
};

class BadSpec : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadSpec, IsRefusedWithTheFieldNamed) {
  const auto made = Make(GetParam().text);
  ASSERT_THAT(made, StatusIs(absl::StatusCode::kInvalidArgument)) << GetParam().text;
  ASSERT_EQ(BadRequestOf(made.status()).field_violations_size(), 1);
  EXPECT_EQ(BadRequestOf(made.status()).field_violations(0).field(), GetParam().field) << made.status();
}

INSTANTIATE_TEST_SUITE_P(
    Video, BadSpec,
    ::testing::Values(
        BadCase{"convert.video.target_bytes", "convert { video { target_bytes: 9999 } }"},
        BadCase{"convert.video.target_bytes", "convert { video { target_bytes: 20000 quality: 20 } }"},
        BadCase{"convert.video.target_bytes", "convert { video { target_bytes: 20000 bitrate_bps: 20000 } }"},
        BadCase{"convert.video.two_pass", "convert { video { two_pass: true } }"},
        BadCase{"convert.video.two_pass", "convert { video { two_pass: true quality: 20 } }"},
        BadCase{"convert.video.two_pass",
                "convert { video { two_pass: true bitrate_bps: 20000 codec: "
                "VIDEO_CODEC_AV1 } }"},
        BadCase{"convert.video.keyframe_interval", "convert { video { keyframe_interval { seconds: 61 } } }"},
        BadCase{"convert.video.keyframe_interval", "convert { video { keyframe_interval {} } }"},
        BadCase{"convert.video.pixel_format", "convert { video { pixel_format: 77 } }"},
        BadCase{"convert.video.pixel_format",
                "convert { video { pixel_format: PIXEL_FORMAT_YUV444P codec: "
                "VIDEO_CODEC_AV1 } }"},
        BadCase{"convert.video.frame_rate", "convert { video { frame_rate: 241 } }"},
        BadCase{"convert.video.frame_rate", "convert { video { frame_rate: nan } }"},
        BadCase{"convert.video.frame_rate", "convert { video { frame_rate: -1 } }"},
        BadCase{"convert.video.codec", "convert { video { codec: VIDEO_CODEC_COPY frame_rate: 25 } }"},
        BadCase{"convert.video.codec",
                "convert { video { codec: VIDEO_CODEC_COPY keyframe_interval { seconds: 2 } } }"},
        BadCase{"convert.video.frame_rate", "convert { container: CONTAINER_PNG video { frame_rate: 25 } }"},
        BadCase{"convert.video.target_bytes", "convert { container: CONTAINER_GIF video { target_bytes: 20000 } }"},
        BadCase{"resize.video.two_pass",
                "resize { width: 8 container: CONTAINER_JPEG video { two_pass: true bitrate_bps: 20000 } }"},
        BadCase{"convert.video.drop", "convert { video { drop: true quality: 20 } }"},
        BadCase{"convert.video.drop", "convert { container: CONTAINER_JPEG video { drop: true } }"},
        BadCase{"convert.audio.mute", "convert { video { drop: true } audio { mute: true } }"},
        BadCase{"resize.video.drop", "resize { width: 8 video { drop: true } }"},
        BadCase{"convert.never_larger", "convert { never_larger: true video { target_bytes: 20000 } }"}));

INSTANTIATE_TEST_SUITE_P(
    Audio, BadSpec,
    ::testing::Values(
        BadCase{"convert.audio.sample_rate", "convert { audio { sample_rate: 7999 } }"},
        BadCase{"convert.audio.channels", "convert { audio { channels: 9 } }"},
        BadCase{"convert.audio.channels", "convert { audio { channels: -1 } }"},
        BadCase{"convert.audio.mute", "convert { audio { mute: true channels: 1 } }"},
        BadCase{"convert.audio.mute", "convert { audio { mute: true loudness {} } }"},
        BadCase{"convert.audio.codec", "convert { audio { codec: AUDIO_CODEC_COPY loudness {} } }"},
        BadCase{"convert.audio.codec", "convert { audio { codec: AUDIO_CODEC_COPY sample_rate: 8000 } }"},
        BadCase{"convert.audio.loudness.integrated_lufs", "convert { audio { loudness { integrated_lufs: 0 } } }"},
        BadCase{"convert.audio.loudness.true_peak_dbtp", "convert { audio { loudness { true_peak_dbtp: 1 } } }"},
        BadCase{"convert.audio.loudness.range_lu", "convert { audio { loudness { range_lu: inf } } }"}));

INSTANTIATE_TEST_SUITE_P(
    Pictures, BadSpec,
    ::testing::Values(
        BadCase{"resize.pad_color", "resize { width: 8 pad_color: 'rebeccapurple' }"},
        BadCase{"resize.crop_gravity", "resize { width: 8 crop_gravity: CROP_GRAVITY_TOP }"},
        BadCase{"resize.crop_gravity", "resize { width: 8 fit: FIT_COVER crop_gravity: 9 }"},
        BadCase{"resize.trim", "resize { width: 8 trim {} }"},
        BadCase{"resize.metadata", "resize { width: 8 metadata: 9 }"},
        BadCase{"resize.on_damage", "resize { width: 8 on_damage: 9 }"},
        BadCase{"thumbnail.at", "thumbnail { at { seconds: -1 } }"},
        BadCase{"thumbnail.width", "thumbnail { width: 1 }"},
        BadCase{"thumbnail.height", "thumbnail { height: 99999 }"}, BadCase{"thumbnail.fit", "thumbnail { fit: 9 }"},
        BadCase{"thumbnail.container", "thumbnail { container: CONTAINER_GIF }"},
        BadCase{"thumbnail.container", "thumbnail { container: 99 }"},
        BadCase{"output", "output: 'a.mp4' thumbnail {}"}, BadCase{"thumbnail.quality", "thumbnail { quality: 101 }"},
        BadCase{"sprite_sheet.interval", "sprite_sheet { interval { seconds: 3601 } }"},
        BadCase{"sprite_sheet.columns", "sprite_sheet { columns: 21 }"},
        BadCase{"sprite_sheet.rows", "sprite_sheet { rows: -1 }"},
        BadCase{"sprite_sheet.tile_width", "sprite_sheet { tile_width: 15 }"},
        BadCase{"sprite_sheet.container", "sprite_sheet { container: CONTAINER_MP4 }"},
        BadCase{"sprite_sheet.quality", "sprite_sheet { quality: -1 }"},
        BadCase{"output", "output: 'a.vtt' sprite_sheet {}"},
        BadCase{"preview.container", "preview { container: CONTAINER_JPEG }"},
        BadCase{"preview.start", "preview { start { seconds: -1 } }"},
        BadCase{"preview.duration", "preview { duration { seconds: 61 } }"},
        BadCase{"preview.width", "preview { width: 1921 }"}, BadCase{"preview.height", "preview { height: 1 }"},
        BadCase{"preview.frame_rate", "preview { frame_rate: 51 }"},
        BadCase{"preview.quality", "preview { quality: 101 }"}));

INSTANTIATE_TEST_SUITE_P(
    Outputs, BadSpec,
    ::testing::Values(
        BadCase{"outputs.outputs", "outputs {}"}, BadCase{"output", "output: 'a' outputs { outputs { thumbnail {} } }"},
        BadCase{"outputs.outputs[0].spec", "outputs { outputs {} }"},
        BadCase{"outputs.outputs[0].name", "outputs { outputs { name: 'A' thumbnail {} } }"},
        BadCase{"outputs.outputs[0].name", "outputs { outputs { name: '-a' thumbnail {} } }"},
        BadCase{"outputs.outputs[1].name", "outputs { outputs { name: '1' thumbnail {} } outputs { thumbnail {} } }"},
        BadCase{"outputs.outputs[1].output",
                "outputs { outputs { output: 'a.png' thumbnail {} } outputs { output: 'a.png' thumbnail {} } }"},
        BadCase{"outputs.outputs[1].output",
                "outputs { outputs { output: 'a.png' sprite_sheet {} } outputs { output: "
                "'a.jpg' sprite_sheet {} } }"},
        BadCase{"outputs.outputs[1].output",
                "job_id: 'j' outputs { outputs { thumbnail {} } outputs { output: 'j-0.jpg' thumbnail {} } }"},
        BadCase{"outputs.outputs[0].output", "outputs { outputs { output: '../a.png' thumbnail {} } }"},
        BadCase{"outputs.outputs[0].output", "outputs { outputs { output: '.a.png' thumbnail {} } }"},
        BadCase{"outputs.outputs[2].resize.pad_color",
                "outputs { outputs { thumbnail {} } outputs { preview {} } "
                "outputs { resize { width: 8 pad_color: 'x' } } }"}));

TEST(Outputs, AreNamedByTheirNumbers) {
  const auto made = Make("outputs { outputs { thumbnail {} } outputs { name: 'small' resize { width: 8 } } }");
  ASSERT_OK(made);
  const std::vector<v1::OutputSpec> outputs = OutputsOf(made->job);
  ASSERT_EQ(outputs.size(), 2u);
  EXPECT_EQ(outputs[0].name(), "0");
  EXPECT_EQ(outputs[1].name(), "small");
}

TEST(Outputs, AreAtMostSixteen) {
  std::string text;
  for (int i = 0; i < 16; ++i) text += "outputs { thumbnail {} } ";
  EXPECT_OK(Make("outputs { " + text + "}"));
  EXPECT_THAT(Make("outputs { outputs { thumbnail {} } " + text + "}"),
              StatusIs(absl::StatusCode::kInvalidArgument, "16"));
}

TEST(Outputs, OfAJobWithOneSpecAreOneWithoutAName) {
  const auto made = Make("output: 'a.mp4' resize { width: 8 }");
  ASSERT_OK(made);
  const std::vector<v1::OutputSpec> outputs = OutputsOf(made->job);
  ASSERT_EQ(outputs.size(), 1u);
  EXPECT_EQ(outputs[0].name(), "");
  EXPECT_EQ(outputs[0].output(), "a.mp4");
  EXPECT_EQ(outputs[0].resize().width(), 8);
}

TEST(Lane, WhatTakesAMomentIsShort) {
  for (const char* text :
       {"thumbnail {}", "preview {}", "convert { container: CONTAINER_MKV }", "convert { container: CONTAINER_PNG }",
        "convert { video { codec: VIDEO_CODEC_COPY } }", "convert { container: CONTAINER_MOV audio { mute: true } }",
        "output: 'b.mkv' convert { metadata: METADATA_POLICY_STRIP }",
        "outputs { outputs { thumbnail {} } outputs { convert { container: CONTAINER_MKV } } }"}) {
    EXPECT_EQ(Make(text)->lane, Lane::kShort) << text;
  }
  for (const char* text :
       {"sprite_sheet {}", "convert { container: CONTAINER_WEBM }",
        "input: 'a.avi' convert { container: CONTAINER_MP4 }",
        "convert { container: CONTAINER_MKV video { quality: 20 } }",
        "convert { container: CONTAINER_MKV audio { channels: 1 } }",
        "convert { container: CONTAINER_MKV trim { start { seconds: 1 } } }", "convert { container: CONTAINER_GIF }",
        "outputs { outputs { thumbnail {} } outputs { resize { width: 8 } } }"}) {
    EXPECT_EQ(Make(text)->lane, Lane::kLong) << text;
  }
}

}  // namespace
}  // namespace spool::job
