#include "server/media/plan.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "server/av/failure.h"
#include "server/base/proto_time.h"
#include "server/base/status_matchers.h"

namespace spool::media {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Builds inputs stream by stream.
class Input {
 public:
  explicit Input(v1::Container container) {
    facts_.container = container;
    *facts_.info.mutable_duration() = ToProto(absl::Seconds(10));
  }
  Input& Video(AVCodecID codec, Size size = {640, 360}) {
    v1::StreamInfo& info = Add("video", codec);
    info.set_width(size.width);
    info.set_height(size.height);
    last().picture.stored = size;
    return *this;
  }
  Input& Audio(AVCodecID codec, int channels = 2, int rate = 48000) {
    v1::StreamInfo& info = Add("audio", codec);
    info.set_channels(channels);
    info.set_sample_rate(rate);
    return *this;
  }
  Input& Subtitle(AVCodecID codec) {
    Add("subtitle", codec);
    return *this;
  }
  Input& CoverArt() {
    Video(AV_CODEC_ID_MJPEG, {300, 300});
    facts_.info.mutable_streams(facts_.info.streams_size() - 1)->set_attached_picture(true);
    return *this;
  }
  Input& Other(const char* kind) {
    Add(kind, AV_CODEC_ID_NONE);
    return *this;
  }
  Input& Still() {
    facts_.info.set_still_image(true);
    facts_.info.clear_duration();
    return *this;
  }
  StreamFacts& last() { return facts_.streams.back(); }
  template <class F>
  Input& With(F&& change) {
    change(last());
    return *this;
  }
  const InputFacts& facts() const { return facts_; }

 private:
  v1::StreamInfo& Add(const char* kind, AVCodecID codec) {
    v1::StreamInfo& info = *facts_.info.add_streams();
    info.set_index(facts_.info.streams_size() - 1);
    info.set_kind(kind);
    info.set_codec(avcodec_get_name(codec));
    facts_.streams.emplace_back();
    last().codec = codec;
    last().decodable = true;
    return info;
  }
  InputFacts facts_;
};

Input Mp4() { return Input(v1::CONTAINER_MP4).Video(AV_CODEC_ID_H264).Audio(AV_CODEC_ID_AAC); }

template <class Spec>
Task Ask(const std::string& text) {
  Spec spec;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &spec)) << text;
  return Task{spec};
}
Task Resize(const std::string& text) { return Ask<v1::ResizeSpec>(text); }
Task Convert(const std::string& text) { return Ask<v1::ConvertSpec>(text); }

Plan Planned(const Input& input, const Task& task) {
  absl::StatusOr<Plan> plan = MakePlan(input.facts(), task);
  EXPECT_OK(plan);
  return plan.ok() ? *std::move(plan) : Plan{};
}

// "copy h264", "h264>vp9", "drop aac".
std::vector<std::string> Outcomes(const Plan& plan) {
  std::vector<std::string> all;
  for (const StreamPlan& stream : plan.streams) {
    const v1::StreamOutcome& outcome = stream.outcome;
    EXPECT_FALSE(outcome.reason().empty());
    switch (outcome.action()) {
      case v1::STREAM_ACTION_COPIED:
        all.push_back("copy " + outcome.output_codec());
        break;
      case v1::STREAM_ACTION_ENCODED:
        all.push_back(outcome.input_codec() + ">" + outcome.output_codec());
        break;
      default:
        all.push_back("drop " + outcome.input_codec());
    }
  }
  return all;
}

const VideoTarget& VideoOf(const Plan& plan) { return std::get<VideoTarget>(plan.streams[plan.main_video].target); }

MATCHER_P(Fails, reason, "fails as " + std::string(av::ReasonName(reason))) {
  *result_listener << arg.status();
  return !arg.ok() && av::ReasonOf(arg.status()) == reason;
}

TEST(Resize, EncodesThePictureAndCopiesTheSound) {
  const Plan plan = Planned(Mp4(), Resize("width: 320"));
  EXPECT_EQ(plan.container, v1::CONTAINER_MP4);
  EXPECT_THAT(Outcomes(plan), ElementsAre("h264>h264", "copy aac"));
  EXPECT_EQ(plan.streams[0].outcome.reason(), "resized from 640x360");
  EXPECT_EQ(VideoOf(plan).size, (Size{320, 180}));
  EXPECT_THAT(plan.warnings, IsEmpty());
}

TEST(Resize, ToTheSameSizeCopiesEverything) {
  EXPECT_THAT(Outcomes(Planned(Mp4(), Resize("width: 640 height: 360"))), ElementsAre("copy h264", "copy aac"));
  // Pixels that are not square have to become so.
  const Input anamorphic = Input(v1::CONTAINER_MP4).Video(AV_CODEC_ID_H264, {320, 360}).With([](StreamFacts& s) {
    s.picture.pixel_aspect = 2;
  });
  EXPECT_THAT(Outcomes(Planned(anamorphic, Resize("width: 640 height: 360"))), ElementsAre("h264>h264"));
}

TEST(Resize, KeepsTheCodecWhereItCanBeEncoded) {
  struct Case {
    v1::Container container;
    AVCodecID codec;
    const char* outcome;
    v1::Container made;
  };
  const Case cases[] = {
      {v1::CONTAINER_MP4, AV_CODEC_ID_HEVC, "hevc>hevc", v1::CONTAINER_MP4},
      {v1::CONTAINER_WEBM, AV_CODEC_ID_VP9, "vp9>vp9", v1::CONTAINER_WEBM},
      {v1::CONTAINER_WEBM, AV_CODEC_ID_VP8, "vp8>vp9", v1::CONTAINER_WEBM},
      {v1::CONTAINER_MKV, AV_CODEC_ID_AV1, "av1>av1", v1::CONTAINER_MKV},
      {v1::CONTAINER_MKV, AV_CODEC_ID_MPEG2VIDEO, "mpeg2video>h264", v1::CONTAINER_MKV},
      {v1::CONTAINER_MOV, AV_CODEC_ID_PRORES, "prores>h264", v1::CONTAINER_MOV},
      // AVI, MPEG-TS and the like are read, not written.
      {v1::CONTAINER_UNSPECIFIED, AV_CODEC_ID_MPEG4, "mpeg4>h264", v1::CONTAINER_MP4},
      {v1::CONTAINER_UNSPECIFIED, AV_CODEC_ID_HEVC, "hevc>hevc", v1::CONTAINER_MP4},
  };
  for (const Case& c : cases) {
    const Plan plan = Planned(Input(c.container).Video(c.codec), Resize("width: 320"));
    EXPECT_THAT(Outcomes(plan), ElementsAre(c.outcome));
    EXPECT_EQ(plan.container, c.made) << c.outcome;
  }
}

TEST(Resize, PadsByDefaultAndOnlyWhenBothSidesAreGiven) {
  EXPECT_EQ(VideoOf(Planned(Mp4(), Resize("width: 300 height: 300"))).fit, v1::FIT_PAD);
  EXPECT_EQ(VideoOf(Planned(Mp4(), Resize("width: 300 height: 300 fit: FIT_COVER"))).fit, v1::FIT_COVER);
  EXPECT_EQ(VideoOf(Planned(Mp4(), Resize("width: 300"))).fit, v1::FIT_CONTAIN);
}

TEST(Resize, WarnsWhenItEnlargesAndRefusesWhenThatIsForbidden) {
  EXPECT_THAT(Planned(Mp4(), Resize("width: 1280")).warnings, ElementsAre(HasSubstr("enlarged from 640x360")));
  EXPECT_THAT(MakePlan(Mp4().facts(), Resize("width: 1280 no_upscale: true")), Fails(av::Reason::kInvalidSpec));
}

TEST(Resize, NeedsAPicture) {
  const Input sound = Input(v1::CONTAINER_MP4).Audio(AV_CODEC_ID_AAC).CoverArt();
  const auto plan = MakePlan(sound.facts(), Resize("width: 320"));
  EXPECT_THAT(plan, Fails(av::Reason::kInvalidSpec));
  EXPECT_THAT(std::string(plan.status().message()), HasSubstr("no picture"));
}

TEST(Resize, RefusesToCopyAPictureOfAnotherSize) {
  EXPECT_THAT(MakePlan(Mp4().facts(), Resize("width: 320 video { codec: VIDEO_CODEC_COPY }")),
              Fails(av::Reason::kInvalidSpec));
}

TEST(Resize, OfAStillGivesAStill) {
  const Input jpeg = Input(v1::CONTAINER_JPEG).Video(AV_CODEC_ID_MJPEG, {333, 221}).Still();
  const Plan plan = Planned(jpeg, Resize("width: 101"));
  EXPECT_EQ(plan.container, v1::CONTAINER_JPEG);
  EXPECT_EQ(VideoOf(plan).size, (Size{101, 67}));
  EXPECT_TRUE(VideoOf(plan).one_frame);
  EXPECT_EQ(VideoOf(plan).quality, 85);
}

TEST(Container, OfAStillThatSpoolCannotWriteFollowsItsAlpha) {
  const Input opaque = Input(v1::CONTAINER_UNSPECIFIED).Video(AV_CODEC_ID_BMP).Still();
  EXPECT_EQ(Planned(opaque, Resize("width: 100")).container, v1::CONTAINER_JPEG);
  const Input clear =
      Input(v1::CONTAINER_UNSPECIFIED).Video(AV_CODEC_ID_TIFF).Still().With([](StreamFacts& s) { s.has_alpha = true; });
  EXPECT_EQ(Planned(clear, Resize("width: 100")).container, v1::CONTAINER_PNG);
}

TEST(Container, IsTheSpecsThenTheHintsThenTheInputs) {
  Task task = Resize("width: 320 container: CONTAINER_WEBM");
  task.container_hint = v1::CONTAINER_MKV;
  EXPECT_EQ(Planned(Mp4(), task).container, v1::CONTAINER_WEBM);
  task = Resize("width: 320");
  task.container_hint = v1::CONTAINER_MKV;
  EXPECT_EQ(Planned(Mp4(), task).container, v1::CONTAINER_MKV);
}

TEST(Container, ThatWasNotAskedForGivesWayToACodecThatWas) {
  const Input webm = Input(v1::CONTAINER_WEBM).Video(AV_CODEC_ID_VP9).Audio(AV_CODEC_ID_OPUS);
  const Plan plan = Planned(webm, Convert("video { codec: VIDEO_CODEC_H264 }"));
  EXPECT_EQ(plan.container, v1::CONTAINER_MP4);
  EXPECT_THAT(Outcomes(plan), ElementsAre("vp9>h264", "copy opus"));
}

TEST(Convert, CopiesWhatTheContainerHolds) {
  EXPECT_THAT(Outcomes(Planned(Mp4(), Convert("container: CONTAINER_MKV"))), ElementsAre("copy h264", "copy aac"));
  EXPECT_THAT(Outcomes(Planned(Mp4(), Convert("container: CONTAINER_MOV"))), ElementsAre("copy h264", "copy aac"));
}

TEST(Convert, EncodesWhatItDoesNot) {
  const Plan plan = Planned(Mp4(), Convert("container: CONTAINER_WEBM"));
  EXPECT_THAT(Outcomes(plan), ElementsAre("h264>vp9", "aac>opus"));
  EXPECT_EQ(plan.streams[0].outcome.reason(), "webm cannot hold h264");
  EXPECT_EQ(VideoOf(plan).quality, 32);
  EXPECT_EQ(VideoOf(plan).preset, "4");
}

TEST(Convert, TakesTheCodecThatWasAskedFor) {
  struct Case {
    const char* spec;
    const char* outcome;
    int quality;
  };
  const Case cases[] = {
      {"container: CONTAINER_MP4 video { codec: VIDEO_CODEC_HEVC }", "h264>hevc", 28},
      {"container: CONTAINER_WEBM video { codec: VIDEO_CODEC_AV1 }", "h264>av1", 35},
      {"container: CONTAINER_MP4 video { codec: VIDEO_CODEC_H264 quality: 30 }", "h264>h264", 30},
      {"container: CONTAINER_MP4 video { codec: VIDEO_CODEC_H264 }", "copy h264", 0},
      {"container: CONTAINER_MP4 video { bitrate_bps: 500000 }", "h264>h264", 23},
  };
  for (const Case& c : cases) {
    const Plan plan = Planned(Input(v1::CONTAINER_MP4).Video(AV_CODEC_ID_H264), Convert(c.spec));
    EXPECT_THAT(Outcomes(plan), ElementsAre(c.outcome)) << c.spec;
    if (c.quality > 0) {
      EXPECT_EQ(VideoOf(plan).quality, c.quality) << c.spec;
    }
  }
}

TEST(Convert, RefusesWhatTheContainerCannotHold) {
  for (const char* spec : {
           "container: CONTAINER_WEBM video { codec: VIDEO_CODEC_H264 }",
           "container: CONTAINER_WEBM video { codec: VIDEO_CODEC_COPY }",
           "container: CONTAINER_WEBM audio { codec: AUDIO_CODEC_COPY }",
           "container: CONTAINER_WEBM audio { codec: AUDIO_CODEC_AAC }",
           "container: CONTAINER_JPEG video { codec: VIDEO_CODEC_VP9 }",
           "container: CONTAINER_MP4 video { codec: VIDEO_CODEC_H264 quality: 60 }",
           "container: CONTAINER_MP4 video { codec: VIDEO_CODEC_HEVC preset: \"quick\" }",
           "container: CONTAINER_WEBM video { preset: \"9\" }",
       }) {
    EXPECT_THAT(MakePlan(Mp4().facts(), Convert(spec)), Fails(av::Reason::kInvalidSpec)) << spec;
  }
}

TEST(Convert, CopiesUnusualCodecsOnlyWhenAsked) {
  const Input input = Input(v1::CONTAINER_MKV).Video(AV_CODEC_ID_MPEG2VIDEO).Audio(AV_CODEC_ID_AC3);
  EXPECT_THAT(Outcomes(Planned(input, Convert("container: CONTAINER_MP4"))), ElementsAre("mpeg2video>h264", "ac3>aac"));
  EXPECT_THAT(Outcomes(Planned(input, Convert("container: CONTAINER_MP4 video { codec: VIDEO_CODEC_COPY } "
                                              "audio { codec: AUDIO_CODEC_COPY }"))),
              ElementsAre("copy mpeg2video", "copy ac3"));
}

TEST(Convert, OfATurnedPictureKeepsTheTurnWhereItCanBeSaid) {
  const Input turned = Mp4().With([](StreamFacts&) {});
  InputFacts facts = turned.facts();
  facts.streams[0].picture.orientation.degrees = 90;
  const auto mov = MakePlan(facts, Convert("container: CONTAINER_MOV"));
  ASSERT_OK(mov);
  EXPECT_THAT(Outcomes(*mov), ElementsAre("copy h264", "copy aac"));
  const auto mkv = MakePlan(facts, Convert("container: CONTAINER_MKV"));
  ASSERT_OK(mkv);
  EXPECT_THAT(Outcomes(*mkv), ElementsAre("h264>h264", "copy aac"));
  EXPECT_EQ(VideoOf(*mkv).size, (Size{360, 640}));
}

TEST(Convert, OfSoundAloneWorks) {
  const Input mp3 = Input(v1::CONTAINER_UNSPECIFIED).Audio(AV_CODEC_ID_MP3).CoverArt();
  const Plan mp4 = Planned(mp3, Convert("container: CONTAINER_MP4"));
  EXPECT_THAT(Outcomes(mp4), ElementsAre("copy mp3", "copy mjpeg"));
  EXPECT_EQ(mp4.main_video, -1);
  EXPECT_THAT(Outcomes(Planned(mp3, Convert("container: CONTAINER_WEBM"))), ElementsAre("mp3>opus", "drop mjpeg"));
  EXPECT_THAT(MakePlan(mp3.facts(), Convert("container: CONTAINER_JPEG")), Fails(av::Reason::kInvalidSpec));
}

TEST(Convert, ToAnImageTakesOnePictureAndNoSound) {
  const Plan plan = Planned(Mp4(), Convert("container: CONTAINER_JPEG"));
  EXPECT_THAT(Outcomes(plan), ElementsAre("h264>mjpeg", "drop aac"));
  EXPECT_TRUE(VideoOf(plan).one_frame);
  EXPECT_THAT(plan.warnings, IsEmpty());
  EXPECT_FALSE(VideoOf(Planned(Mp4(), Convert("container: CONTAINER_GIF"))).one_frame);
}

TEST(Convert, OfAStillToAVideoMakesOneFrame) {
  const Input png = Input(v1::CONTAINER_PNG).Video(AV_CODEC_ID_PNG).Still();
  const Plan plan = Planned(png, Convert("container: CONTAINER_MP4"));
  EXPECT_THAT(Outcomes(plan), ElementsAre("png>h264"));
  EXPECT_TRUE(VideoOf(plan).one_frame);
}

TEST(Convert, FlattensAlphaWhereItCannotStay) {
  const Input png =
      Input(v1::CONTAINER_PNG).Video(AV_CODEC_ID_PNG).Still().With([](StreamFacts& s) { s.has_alpha = true; });
  EXPECT_TRUE(VideoOf(Planned(png, Convert("container: CONTAINER_JPEG"))).flatten);
  EXPECT_FALSE(VideoOf(Planned(png, Convert("container: CONTAINER_WEBP"))).flatten);
}

TEST(Convert, BringsHdrDownOnlyForEightBits) {
  const Input hdr = Input(v1::CONTAINER_MP4).Video(AV_CODEC_ID_HEVC).With([](StreamFacts& s) {
    s.bit_depth = 10;
    s.is_hdr = true;
  });
  const Plan h264 = Planned(hdr, Convert("video { codec: VIDEO_CODEC_H264 }"));
  EXPECT_TRUE(VideoOf(h264).tone_map);
  EXPECT_FALSE(VideoOf(h264).ten_bit);
  const Plan av1 = Planned(hdr, Convert("video { codec: VIDEO_CODEC_AV1 }"));
  EXPECT_FALSE(VideoOf(av1).tone_map);
  EXPECT_TRUE(VideoOf(av1).ten_bit);
}

TEST(Convert, FindsAnEncoderForSmallAv1Pictures) {
  const Input av1 = Input(v1::CONTAINER_MP4).Video(AV_CODEC_ID_AV1);
  EXPECT_STREQ(VideoOf(Planned(av1, Resize("width: 64 height: 64"))).encoder->encoder, "libsvtav1");
  EXPECT_STREQ(VideoOf(Planned(av1, Resize("width: 64 height: 62"))).encoder->encoder, "libaom-av1");
}

TEST(Trim, EncodesThePictureAndTheSoundThatStartsMidWay) {
  EXPECT_THAT(Outcomes(Planned(Mp4(), Convert("trim { start { seconds: 1 } }"))), ElementsAre("h264>h264", "aac>aac"));
  const Plan head = Planned(Mp4(), Convert("trim { duration { seconds: 2 } }"));
  EXPECT_THAT(Outcomes(head), ElementsAre("h264>h264", "copy aac"));
  EXPECT_EQ(head.range.end, absl::Seconds(2));
  EXPECT_THAT(MakePlan(Mp4().facts(), Convert("trim { start { seconds: 1 } } video { codec: VIDEO_CODEC_COPY }")),
              Fails(av::Reason::kInvalidSpec));
}

TEST(Trim, ThatCutsNothingOffCopies) {
  EXPECT_THAT(Outcomes(Planned(Mp4(), Convert("trim { duration { seconds: 10 } }"))),
              ElementsAre("copy h264", "copy aac"));
}

TEST(Trim, BehindTheEndIsRefused) {
  EXPECT_THAT(MakePlan(Mp4().facts(), Convert("trim { start { seconds: 10 } }")), Fails(av::Reason::kInvalidSpec));
}

TEST(Streams, BeyondWhatAnOutputHoldsAreDroppedWithAWarning) {
  Input input = Input(v1::CONTAINER_MKV).Video(AV_CODEC_ID_H264, {320, 180}).Video(AV_CODEC_ID_H264, {1280, 720});
  for (int i = 0; i < kMaxAudioStreams + 1; ++i) input.Audio(AV_CODEC_ID_AAC);
  const Plan plan = Planned(input, Convert("container: CONTAINER_MP4"));
  EXPECT_EQ(plan.main_video, 1);
  EXPECT_EQ(plan.streams[0].outcome.action(), v1::STREAM_ACTION_DROPPED);
  EXPECT_EQ(plan.streams.back().outcome.action(), v1::STREAM_ACTION_DROPPED);
  EXPECT_THAT(plan.warnings, ElementsAre(HasSubstr("video stream 0"), HasSubstr("audio stream 10")));
}

TEST(Streams, TheDefaultVideoComesBeforeTheLargest) {
  Input input = Input(v1::CONTAINER_MKV).Video(AV_CODEC_ID_H264, {320, 180});
  input.last().is_default = true;
  input.Video(AV_CODEC_ID_H264, {1280, 720});
  EXPECT_EQ(Planned(input, Convert("container: CONTAINER_MP4")).main_video, 0);
}

TEST(Streams, SubtitlesBecomeWhatTheContainerHolds) {
  const Input input = Input(v1::CONTAINER_MKV)
                          .Video(AV_CODEC_ID_VP9)
                          .Subtitle(AV_CODEC_ID_SUBRIP)
                          .Subtitle(AV_CODEC_ID_HDMV_PGS_SUBTITLE)
                          .Other("attachment")
                          .Other("data");
  const Plan mp4 = Planned(input, Convert("container: CONTAINER_MP4"));
  EXPECT_THAT(Outcomes(mp4),
              ElementsAre("copy vp9", "subrip>mov_text", "drop hdmv_pgs_subtitle", "drop none", "drop none"));
  EXPECT_THAT(mp4.warnings, ElementsAre(HasSubstr("hdmv_pgs_subtitle")));
  EXPECT_THAT(Outcomes(Planned(input, Convert("container: CONTAINER_WEBM"))),
              ElementsAre("copy vp9", "subrip>webvtt", "drop hdmv_pgs_subtitle", "drop none", "drop none"));
  EXPECT_THAT(Outcomes(Planned(input, Convert("container: CONTAINER_MKV"))),
              ElementsAre("copy vp9", "copy subrip", "copy hdmv_pgs_subtitle", "copy none", "drop none"));
}

TEST(Streams, MutedSoundIsDropped) {
  EXPECT_THAT(Outcomes(Planned(Mp4(), Convert("container: CONTAINER_MKV audio { mute: true }"))),
              ElementsAre("copy h264", "drop aac"));
  EXPECT_THAT(MakePlan(Input(v1::CONTAINER_MP4).Audio(AV_CODEC_ID_AAC).facts(),
                       Convert("container: CONTAINER_MKV audio { mute: true }")),
              Fails(av::Reason::kInvalidSpec));
}

TEST(Streams, WithoutADecoderFailOnlyWhereOneIsNeeded) {
  Input input = Mp4();
  InputFacts facts = input.facts();
  facts.streams[1].decodable = false;
  const auto copied = MakePlan(facts, Convert("container: CONTAINER_MKV"));
  ASSERT_OK(copied);
  EXPECT_THAT(Outcomes(*copied), ElementsAre("copy h264", "copy aac"));
  const auto webm = MakePlan(facts, Convert("container: CONTAINER_WEBM"));
  ASSERT_OK(webm);
  EXPECT_THAT(Outcomes(*webm), ElementsAre("h264>vp9", "drop aac"));
  EXPECT_THAT(webm->warnings, ElementsAre(HasSubstr("cannot decode aac")));
  facts.streams[0].decodable = false;
  EXPECT_THAT(MakePlan(facts, Convert("container: CONTAINER_WEBM")), Fails(av::Reason::kUnsupportedMedia));
}

TEST(Audio, GetsARateAndLayoutThatTheEncoderKnows) {
  struct Case {
    int channels, rate;
    const char* container;
    int made_channels, made_rate;
    int64_t bitrate;
  };
  const Case cases[] = {
      {2, 44100, "CONTAINER_MP4", 2, 44100, 128000},  {1, 8000, "CONTAINER_MP4", 1, 8000, 48000},
      {6, 192000, "CONTAINER_MP4", 6, 96000, 384000}, {7, 48000, "CONTAINER_MP4", 8, 48000, 512000},
      {24, 48000, "CONTAINER_MP4", 2, 48000, 128000}, {1, 22050, "CONTAINER_WEBM", 1, 48000, 64000},
      {6, 48000, "CONTAINER_WEBM", 6, 48000, 384000}, {2, 11000, "CONTAINER_MP4", 2, 11025, 128000},
  };
  for (const Case& c : cases) {
    const Input input = Input(v1::CONTAINER_UNSPECIFIED).Audio(AV_CODEC_ID_PCM_S24BE, c.channels, c.rate);
    const Plan plan = Planned(input, Convert(std::string("container: ") + c.container));
    const auto& target = std::get<AudioTarget>(plan.streams[0].target);
    EXPECT_EQ(target.layout.nb_channels, c.made_channels) << c.channels;
    EXPECT_EQ(target.sample_rate, c.made_rate) << c.rate;
    EXPECT_EQ(target.bitrate_bps, c.bitrate) << c.channels << " channels at " << c.rate;
  }
}

TEST(Streams, WhoseParametersAreUnknownAreNotCopied) {
  EXPECT_THAT(
      MakePlan(Input(v1::CONTAINER_MP4).Video(AV_CODEC_ID_H264, {0, 0}).facts(), Convert("container: CONTAINER_MKV")),
      Fails(av::Reason::kInvalidMedia));
  const Plan plan = Planned(Input(v1::CONTAINER_MP4).Video(AV_CODEC_ID_H264).Audio(AV_CODEC_ID_AAC, 0, 0),
                            Convert("container: CONTAINER_MKV"));
  EXPECT_THAT(Outcomes(plan), ElementsAre("copy h264", "drop aac"));
}

TEST(Media, WithoutPictureAndSoundIsInvalid) {
  EXPECT_THAT(MakePlan(Input(v1::CONTAINER_MP4).Other("data").facts(), Convert("container: CONTAINER_MP4")),
              Fails(av::Reason::kInvalidMedia));
}

}  // namespace
}  // namespace spool::media
