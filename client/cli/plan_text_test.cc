#include "client/cli/plan_text.h"

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace spool::cli {
namespace {

template <typename Message>
Message Parse(const char* text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

TEST(RenderPlan, SaysWhatBecomesOfEachStreamAndWhy) {
  const auto plan = Parse<v1::Plan>(R"pb(outputs {
                                           container: CONTAINER_MP4
                                           width: 1280
                                           height: 720
                                           duration { seconds: 12 nanos: 500000000 }
                                           encoded_megapixels: 288.4
                                           warnings: "1 stream is left out"
                                           streams {
                                             outcome {
                                               kind: "video"
                                               input_codec: "hevc"
                                               action: STREAM_ACTION_ENCODED
                                               output_codec: "h264"
                                               reason: "other dimensions"
                                             }
                                             encoder: "libx264"
                                             quality: 23
                                             preset: "veryfast"
                                             passes: 1
                                             pixel_format: "yuv420p"
                                             width: 1280
                                             height: 720
                                             filters: "scale=1280:720"
                                           }
                                           streams {
                                             outcome {
                                               input_index: 1
                                               kind: "audio"
                                               input_codec: "aac"
                                               action: STREAM_ACTION_COPIED
                                               output_codec: "aac"
                                               reason: "fits into mp4"
                                             }
                                           }
                                           streams {
                                             outcome {
                                               input_index: 2
                                               kind: "data"
                                               input_codec: "none"
                                               action: STREAM_ACTION_DROPPED
                                               reason: "not for\tmp4"
                                             }
                                           }
                                         })pb");
  EXPECT_EQ(RenderPlan("cat.mkv", plan, TextStyle()),
            "cat.mkv\n"
            "   Format: mp4\n"
            "   Dimensions: 1280x720\n"
            "   Duration: 12.50s\n"
            "   To Encode: 288 megapixels\n"
            "   Filters of 0: scale=1280:720\n"
            "   Warning: 1 stream is left out\n"
            "   STREAM  KIND   FROM  ACTION  TO    HOW                                               WHY\n"
            "   0       video  hevc  encode  h264  libx264, quality 23, veryfast, yuv420p, 1280x720  other dimensions\n"
            "   1       audio  aac   copy    aac                                                     fits into mp4\n"
            "   2       data   none  drop                                                            not for\\tmp4\n");
}

TEST(RenderPlan, ANumberForASpeedIsToldApart) {
  const auto plan = Parse<v1::Plan>(R"pb(outputs {
                                           container: CONTAINER_WEBM
                                           streams {
                                             outcome { kind: "video" action: STREAM_ACTION_ENCODED output_codec: "vp9" }
                                             encoder: "libvpx-vp9"
                                             quality: 32
                                             preset: "4"
                                           }
                                         })pb");
  EXPECT_THAT(RenderPlan("cat.mkv", plan, TextStyle()), testing::HasSubstr("libvpx-vp9, quality 32, preset 4"));
}

TEST(RenderPlan, SaysWhichOutputsCannotBeMade) {
  const auto plan = Parse<v1::Plan>(R"pb(outputs { name: "1080p" error: "would enlarge" }
                                         outputs { name: "720p" container: CONTAINER_MP4 })pb");
  EXPECT_EQ(RenderPlan("cat.mp4", plan, TextStyle()),
            "cat.mp4 → 1080p\n"
            "   Cannot Be Made: would enlarge\n"
            "\n"
            "cat.mp4 → 720p\n"
            "   Format: mp4\n");
}

TEST(RenderPresets, IsATable) {
  const auto presets = Parse<v1::ListPresetsResponse>(R"pb(presets { name: "poster" version: 2 description: "A JPEG" }
                                                           presets { name: "web-720p" version: 1 description: "An MP4" }
  )pb");
  EXPECT_EQ(RenderPresets(presets, TextStyle()),
            "PRESET    VERSION  WHAT IT MAKES\n"
            "poster    2        A JPEG\n"
            "web-720p  1        An MP4\n");
}

}  // namespace
}  // namespace spool::cli
