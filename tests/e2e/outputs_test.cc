// Several outputs of one input, pictures of videos, presets, and plans that come true.

#include <fstream>
#include <sstream>

#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "tests/support/spoold_test.h"

namespace spool::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class OutputsTest : public SpooldTest {
 protected:
  static v1::EnqueueRequest Request(const std::string& text) {
    v1::EnqueueRequest request;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request)) << text;
    if (request.input().empty()) request.set_input("a.mp4");
    return request;
  }

  // Enqueues it and waits for its end.
  v1::Job Run(const v1::EnqueueRequest& request) {
    v1::WatchEventsRequest watching = FromEarliest();
    watching.mutable_filter()->add_job_ids(Enqueue(request));
    watching.set_until_terminal(true);
    auto watch = OpenWatch(watching);
    EXPECT_OK(watch->UntilEnd());
    const v1::Job job = GetJob(watching.filter().job_ids(0));
    EXPECT_OK(watch->feed().fold().Check(job));
    return job;
  }
  v1::Job Run(const std::string& text) { return Run(Request(text)); }

  std::string OutputPath(const std::string& output) { return server().output_root() + "/" + output; }
  std::string Contents(const std::string& output) {
    std::ostringstream text;
    text << std::ifstream(OutputPath(output), std::ios::binary).rdbuf();
    return text.str();
  }
};

// The third one cannot be made: it would enlarge.
constexpr char kLadder[] = R"pb(outputs {
                                  outputs {
                                    name: "large"
                                    resize {
                                      height: 180
                                      video { keyframe_interval { nanos: 400000000 } }
                                    }
                                  }
                                  outputs {
                                    name: "small"
                                    output: "films/small.mp4"
                                    resize { height: 90 }
                                  }
                                  outputs {
                                    name: "huge"
                                    resize { height: 360 no_upscale: true }
                                  }
                                  outputs {
                                    thumbnail {
                                      at { nanos: 200000000 }
                                      width: 64
                                    }
                                  }
                                })pb";

TEST_F(OutputsTest, ThoseThatCanBeMadeAreAndTheOthersSayWhy) {
  AddVideo("a.mp4", {.width = 320, .height = 180, .frames = 50});
  StartServer();
  const v1::Job job = Run(kLadder);
  ASSERT_EQ(job.state(), v1::JOB_STATE_COMPLETED) << job.error().message();
  EXPECT_EQ(job.type(), v1::JOB_TYPE_OUTPUTS);
  EXPECT_THAT(job.id(), StartsWith("outputs-"));
  const v1::JobResult& result = job.result();
  ASSERT_EQ(result.outputs_size(), 4);
  EXPECT_EQ(result.outputs(0).result().output(), job.id() + "-large.mp4");
  EXPECT_EQ(result.outputs(1).result().output(), "films/small.mp4");
  EXPECT_EQ(result.outputs(2).name(), "huge");
  EXPECT_EQ(result.outputs(2).error().reason(), "INVALID_SPEC");
  EXPECT_EQ(result.outputs(2).error().attempt(), 1);
  EXPECT_EQ(result.outputs(3).name(), "3");
  EXPECT_EQ(result.outputs(3).result().output(), job.id() + "-3.jpg");
  EXPECT_EQ(result.output(), result.outputs(0).result().output());
  EXPECT_EQ(job.output(), result.output());
  EXPECT_EQ(result.width(), 320);

  EXPECT_EQ(*Probe(OutputPath(result.output()), "stream=width,height"), "320\n180\n");
  EXPECT_EQ(*Probe(OutputPath("films/small.mp4"), "stream=width,height"), "160\n90\n");
  EXPECT_EQ(*Probe(OutputPath(job.id() + "-3.jpg"), "stream=codec_name,width,height"), "mjpeg\n64\n36\n");
  EXPECT_THAT(server().OutputFiles(),
              UnorderedElementsAre(job.id() + "-large.mp4", "films/small.mp4", job.id() + "-3.jpg"));

  ASSERT_EQ(result.plan().outputs_size(), 4);
  EXPECT_EQ(result.plan().outputs(0).height(), 180);
  EXPECT_FALSE(result.plan().outputs(2).error().empty());
  EXPECT_GT(result.plan().decoded_megapixels(), 0);
}

TEST_F(OutputsTest, EachOutputIsDownloadedByItsName) {
  AddVideo("a.mp4");
  StartServer();
  const v1::Job job = Run(kLadder);
  v1::DownloadMediaRequest request;
  request.set_job_id(job.id());
  request.set_output_name("small");
  const std::string path = server().folder() + "/small.mp4";
  const auto bytes = client().Download(request, path, client::Existing::kKeep);
  ASSERT_OK(bytes);
  EXPECT_EQ(*bytes, job.result().outputs(1).result().bytes());
  request.set_output_name("huge");
  EXPECT_THAT(client().Download(request, path, client::Existing::kReplace),
              Refused(absl::StatusCode::kNotFound, "OUTPUT_NOT_FOUND"));
  request.set_output_name("large");
  request.set_vtt(true);
  EXPECT_THAT(client().Download(request, path, client::Existing::kReplace),
              Refused(absl::StatusCode::kNotFound, "OUTPUT_NOT_FOUND"));
}

TEST_F(OutputsTest, AllOrNothingLeavesNothing) {
  AddVideo("a.mp4");
  StartServer();
  v1::EnqueueRequest request = Request(kLadder);
  request.mutable_outputs()->set_all_or_nothing(true);
  const v1::Job job = Run(request);
  EXPECT_EQ(job.state(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(job.error().reason(), "INVALID_SPEC");
  EXPECT_FALSE(job.error().retryable());
  EXPECT_TRUE(server().OutputFiles().empty());
}

TEST_F(OutputsTest, WhenNoneCanBeMadeTheJobFailsWithTheFirstOnesReason) {
  AddVideo("a.mp4");
  StartServer();
  const v1::Job job = Run("outputs { outputs { name: 'x' resize { height: 900 no_upscale: true } } }");
  EXPECT_EQ(job.state(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(job.error().reason(), "INVALID_SPEC");
  EXPECT_TRUE(server().OutputFiles().empty());
}

TEST_F(OutputsTest, AThumbnailOfAVideoIsAPicture) {
  AddVideo("a.mp4");
  StartServer();
  const v1::Job job = Run("thumbnail { width: 160 container: CONTAINER_PNG }");
  ASSERT_EQ(job.state(), v1::JOB_STATE_COMPLETED) << job.error().message();
  EXPECT_EQ(job.output(), job.id() + ".png");
  EXPECT_EQ(*Probe(OutputPath(job.output()), "stream=codec_name,width,height"), "png\n160\n90\n");
  EXPECT_EQ(job.result().frames(), 1);
  EXPECT_EQ(job.result().outputs_size(), 0);
  EXPECT_EQ(job.result().plan().outputs_size(), 1);
}

TEST_F(OutputsTest, ASpriteSheetHasItsVttBesideIt) {
  AddVideo("a.mp4", {.width = 320, .height = 180, .frames = 100});
  StartServer();
  const v1::Job job =
      Run("output: 's/sheet of a.jpg' sprite_sheet { interval { seconds: 1 } columns: 2 tile_width: 80 }");
  ASSERT_EQ(job.state(), v1::JOB_STATE_COMPLETED) << job.error().message();
  EXPECT_EQ(job.result().vtt(), "s/sheet of a.vtt");
  EXPECT_THAT(server().OutputFiles(), UnorderedElementsAre("s/sheet of a.jpg", "s/sheet of a.vtt"));
  // Four seconds: four pictures of 80x45 (or 44) in two rows.
  EXPECT_EQ(job.result().width(), 160);
  const std::string vtt = Contents("s/sheet of a.vtt");
  EXPECT_THAT(vtt, StartsWith("WEBVTT"));
  EXPECT_THAT(vtt, HasSubstr("\nsheet%20of%20a.jpg#xywh=0,0,80,"));
  EXPECT_THAT(vtt, HasSubstr("\nsheet%20of%20a.jpg#xywh=80,"));
  EXPECT_THAT(vtt, ::testing::Not(HasSubstr("{image}")));

  v1::DownloadMediaRequest request;
  request.set_job_id(job.id());
  request.set_vtt(true);
  const auto bytes = client().Download(request, server().folder() + "/x.vtt", client::Existing::kKeep);
  ASSERT_OK(bytes);
  EXPECT_EQ(*bytes, vtt.size());
}

TEST_F(OutputsTest, APreviewIsAnAnimation) {
  AddVideo("a.mp4", {.width = 320, .height = 180, .frames = 50});
  StartServer();
  const v1::Job gif = Run("preview { container: CONTAINER_GIF width: 64 duration { seconds: 1 } start {} }");
  ASSERT_EQ(gif.state(), v1::JOB_STATE_COMPLETED) << gif.error().message();
  EXPECT_EQ(*Probe(OutputPath(gif.output()), "stream=codec_name,width,height"), "gif\n64\n36\n");
  EXPECT_EQ(gif.result().frames(), 10);
  const v1::Job webp = Run("preview { width: 64 }");
  ASSERT_EQ(webp.state(), v1::JOB_STATE_COMPLETED) << webp.error().message();
  EXPECT_EQ(webp.output(), webp.id() + ".webp");
  EXPECT_GT(webp.result().frames(), 1);
}

TEST_F(OutputsTest, APlanComesTrue) {
  AddVideo("a.mp4");
  StartServer();
  for (const std::string text : {"resize { width: 160 }", "convert { container: CONTAINER_MKV }", "thumbnail {}",
                                 "preset: 'web-480p'", kLadder}) {
    const auto planned = client().PlanJob(Request(text));
    ASSERT_OK(planned) << text;
    EXPECT_EQ(planned->media().streams_size(), 2);
    EXPECT_TRUE(server().OutputFiles().empty());
    const v1::Job job = Run(text);
    ASSERT_EQ(job.state(), v1::JOB_STATE_COMPLETED) << job.error().message();
    std::string difference;
    google::protobuf::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&difference);
    EXPECT_TRUE(differencer.Compare(planned->plan(), job.result().plan())) << text << difference;
    for (const std::string& file : server().OutputFiles()) ASSERT_OK(RunProgram({"rm", OutputPath(file)}));
  }
  const v1::ListJobsRequest all;
  EXPECT_EQ(client().ListJobs(all)->jobs_size(), 5) << "a plan is not a job";
}

TEST_F(OutputsTest, APlanIsRefusedAsTheJobWouldFail) {
  AddVideo("a.mp4");
  StartServer();
  EXPECT_THAT(client().PlanJob(Request("resize { height: 900 no_upscale: true }")),
              Refused(absl::StatusCode::kInvalidArgument, "INVALID_SPEC"));
  EXPECT_THAT(client().PlanJob(Request("input: 'none.mp4' thumbnail {}")),
              Refused(absl::StatusCode::kNotFound, "INPUT_NOT_FOUND"));
  EXPECT_THAT(client().PlanJob(Request("resize {}")), Refused(absl::StatusCode::kInvalidArgument, "FIELD_INVALID"));
  ASSERT_OK(RunProgram({"cp", "/etc/passwd", server().media_root() + "/text.mp4"}));
  EXPECT_THAT(client().PlanJob(Request("input: 'text.mp4' thumbnail {}")),
              Refused(absl::StatusCode::kInvalidArgument, "INVALID_MEDIA"));
}

TEST_F(OutputsTest, EveryPresetMakesWhatItSays) {
  AddVideo("a.mp4", {.width = 640, .height = 360, .frames = 25});
  StartServer();
  const auto presets = client().ListPresets();
  ASSERT_OK(presets);
  EXPECT_GE(presets->presets_size(), 10);
  for (const v1::Preset& preset : presets->presets()) {
    SCOPED_TRACE(preset.name());
    v1::EnqueueRequest request = Request("");
    request.set_preset(preset.name());
    const v1::Job job = Run(request);
    EXPECT_EQ(job.state(), v1::JOB_STATE_COMPLETED) << job.error().message();
    EXPECT_EQ(job.preset(), preset.name() + "@" + std::to_string(preset.version()));
    // Nothing is enlarged.
    EXPECT_LE(job.result().outputs().empty() ? 0 : job.result().width(), 640);
    if (preset.name() == "web-720p") {
      EXPECT_EQ(job.result().width(), 640);
      EXPECT_EQ(job.result().video_codec(), "h264");
      EXPECT_EQ(job.result().audio_codec(), "aac");
    }
    if (preset.name() == "hls-ladder") {
      ASSERT_EQ(job.result().outputs_size(), 4);
      EXPECT_EQ(job.result().outputs(0).error().reason(), "INVALID_SPEC");
      EXPECT_EQ(job.result().outputs(3).result().height(), 360);
    }
    if (preset.name() == "podcast-audio") {
      EXPECT_EQ(job.result().video_codec(), "");
      EXPECT_TRUE(job.result().has_measured_lufs());
    }
  }
  EXPECT_THAT(client().Enqueue(Request("preset: 'web-721p'")),
              Refused(absl::StatusCode::kInvalidArgument, "FIELD_INVALID"));
}

}  // namespace
}  // namespace spool::testing
