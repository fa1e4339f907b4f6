#include "client/cli/job_text.h"

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace spool::cli {
namespace {

v1::Job Job(const char* text) {
  v1::Job job;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &job)) << text;
  return job;
}

constexpr char kCompleted[] = R"pb(
  id: "convert-cat-1"
  video_id: "cat"
  type: JOB_TYPE_CONVERT
  convert { container: CONTAINER_WEBM }
  input: "upload:1"
  output: "convert-cat-1.webm"
  state: JOB_STATE_COMPLETED
  attempt: 1
  labels { key: "b" value: "2" }
  labels { key: "a" value: "1" }
  queued_at { seconds: 1767225600 }
  started_at { seconds: 1767225601 }
  completed_at { seconds: 1767225603 }
  result {
    width: 320
    height: 240
    duration { seconds: 12 nanos: 500000000 }
    bytes: 1234567
    video_codec: "vp9"
    audio_codec: "opus"
    warnings: "subtitle stream dropped"
    output: "convert-cat-1.webm"
  })pb";

TEST(RenderJob, ShowsWhatWasAskedAndMade) {
  EXPECT_EQ(RenderJob(Job(kCompleted), TextStyle()),
            "convert-cat-1\n"
            "   State: COMPLETED\n"
            "   Type: convert\n"
            "   Video: cat\n"
            "   Input: upload:1\n"
            "   Spec: {\"container\":\"CONTAINER_WEBM\"}\n"
            "   Labels: a=1, b=2\n"
            "   Attempt: 1\n"
            "   Queued At: 2026-01-01T00:00:00.000+00:00\n"
            "   Started At: 2026-01-01T00:00:01.000+00:00\n"
            "   Completed At: 2026-01-01T00:00:03.000+00:00\n"
            "   Output: convert-cat-1.webm\n"
            "   Dimensions: 320x240\n"
            "   Duration: 12.50s\n"
            "   Size: 1.2 MB\n"
            "   Codecs: vp9, opus\n"
            "   Warning: subtitle stream dropped\n");
}

TEST(RenderJob, ShowsHowFarItIs) {
  EXPECT_EQ(RenderJob(Job("id: 'j' type: JOB_TYPE_RESIZE state: JOB_STATE_RUNNING progress { fraction: 0.426 }"),
                      TextStyle()),
            "j\n   State: RUNNING, 42%\n   Type: resize\n");
  EXPECT_EQ(RenderJob(Job("id: 'j' type: JOB_TYPE_RESIZE state: JOB_STATE_QUEUED queue_position: 2"), TextStyle()),
            "j\n   State: QUEUED, position 2\n   Type: resize\n");
}

TEST(RenderOutcome, OfACompletedJob) {
  EXPECT_EQ(RenderOutcome(Job(kCompleted), TextStyle()),
            "✔ completed convert-cat-1\n"
            "   Output: convert-cat-1.webm\n"
            "   Dimensions: 320x240\n"
            "   Duration: 12.50s\n"
            "   Size: 1.2 MB\n"
            "   Codecs: vp9, opus\n"
            "   Warning: subtitle stream dropped\n"
            "   Run Time: 2.00s\n"
            "   Total Time (queued → completed): 3.00s\n");
}

constexpr char kSeveral[] = R"pb(
  id: "outputs-cat-1"
  type: JOB_TYPE_OUTPUTS
  preset: "hls-ladder@1"
  outputs { outputs { name: "720p" } }
  input: "a.mp4"
  state: JOB_STATE_COMPLETED
  result {
    width: 1280
    height: 720
    output: "outputs-cat-1-720p.mp4"
    outputs {
      name: "1080p"
      error { reason: "INVALID_SPEC" message: "would enlarge" }
    }
    outputs {
      name: "720p"
      result {
        width: 1280
        height: 720
        duration { seconds: 3 }
        bytes: 1234567
        output: "outputs-cat-1-720p.mp4"
        warnings: "a stream dropped"
      }
    }
    outputs {
      name: "sheet"
      result { bytes: 5 output: "s.jpg" vtt: "s.vtt" }
    }
  })pb";

TEST(RenderOutcome, OfAJobWithSeveralOutputsShowsEach) {
  EXPECT_EQ(RenderOutcome(Job(kSeveral), TextStyle()),
            "✔ completed outputs-cat-1\n"
            "   Failed 1080p: would enlarge (INVALID_SPEC)\n"
            "   Output 720p: outputs-cat-1-720p.mp4, 1280x720, 3.00s, 1.2 MB\n"
            "   Warning 720p: a stream dropped\n"
            "   Output sheet: s.jpg, 5 B, s.vtt\n"
            "   Run Time: 0.00s\n"
            "   Total Time (queued → completed): 0.00s\n");
}

TEST(RenderJob, ShowsThePresetAndItsSpec) {
  EXPECT_EQ(RenderJob(Job(kSeveral), TextStyle()).substr(0, 160),
            std::string("outputs-cat-1\n"
                        "   State: COMPLETED\n"
                        "   Type: outputs\n"
                        "   Input: a.mp4\n"
                        "   Preset: hls-ladder@1\n"
                        "   Spec: {\"outputs\":[{\"name\":\"720p\"}]}\n"
                        "   Failed 1080p: would enlarge (INVALID_SPEC)\n")
                .substr(0, 160));
}

TEST(RenderOutcome, OfAFailedJob) {
  EXPECT_EQ(
      RenderOutcome(Job("id: 'j' state: JOB_STATE_FAILED error { reason: 'INVALID_MEDIA' message: 'not a video' }"),
                    TextStyle()),
      "✖ failed j\n"
      "   Error: not a video\n"
      "   Reason: INVALID_MEDIA\n");
}

TEST(RenderJobTable, AlignsItsColumns) {
  const std::vector<v1::Job> jobs = {
      Job("id: 'resize-cat-1' video_id: 'cat' type: JOB_TYPE_RESIZE state: JOB_STATE_RUNNING "
          "queued_at { seconds: 1767225600 }"),
      Job("id: 'c\\t2' video_id: 'Käfer' type: JOB_TYPE_CONVERT state: JOB_STATE_COMPLETED "
          "queued_at { seconds: 1767225600 }")};
  EXPECT_EQ(RenderJobTable(jobs, TextStyle()),
            "STATE      TYPE     QUEUED AT                      VIDEO  ID\n"
            "RUNNING    resize   2026-01-01T00:00:00.000+00:00  cat    resize-cat-1\n"
            "COMPLETED  convert  2026-01-01T00:00:00.000+00:00  Käfer  c\\t2\n");
}

}  // namespace
}  // namespace spool::cli
