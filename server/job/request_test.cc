#include "server/job/request.h"

#include <string>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "server/base/errors.h"
#include "server/base/proto_time.h"
#include "server/base/status_matchers.h"
#include "server/job/output_name.h"

namespace spool::job {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1767225600);

v1::EnqueueRequest Request(const std::string& text) {
  v1::EnqueueRequest request;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request)) << text;
  return request;
}

const char kGood[] = R"pb(video_id: "v1"
                          input: "in/a.mp4"
                          resize { width: 800 height: 600 })pb";

absl::StatusOr<NewJob> Make(const v1::EnqueueRequest& request) {
  static UlidSource* const ulids = new UlidSource;
  return MakeJob(request, kNow, *ulids);
}

TEST(Request, GoodOneBecomesAJobWithDefaults) {
  const auto made = Make(Request(kGood));
  ASSERT_OK(made);
  EXPECT_EQ(made->job.type(), v1::JOB_TYPE_RESIZE);
  EXPECT_EQ(made->job.id().substr(0, 10), "resize-v1-");
  EXPECT_TRUE(IsUlid(made->job.id().substr(10))) << made->job.id();
  EXPECT_EQ(made->job.retry_policy().max_retries(), 3);
  EXPECT_EQ(made->job.resize().height(), 600);
  EXPECT_EQ(made->fingerprint.size(), 16u);
}

TEST(Request, IdHoldsNoUnusualCharacterOfTheVideoId) {
  auto request = Request(kGood);
  request.set_video_id("a/b c\xc3\xa9" + std::string(100, 'x'));
  const auto made = Make(request);
  ASSERT_OK(made);
  EXPECT_EQ(made->job.id().substr(0, 16), "resize-a_b_c__xx");
  EXPECT_EQ(made->job.id().size(), 7 + 64 + 1 + 26u);
  EXPECT_EQ(made->job.video_id(), request.video_id());
}

TEST(Request, FingerprintIgnoresIdsAndMapOrderAndNothingElse) {
  auto a = Request(kGood), b = Request(kGood);
  a.set_job_id("one");
  b.set_request_id("two");
  for (int i = 0; i < 20; ++i) (*a.mutable_labels())["k" + std::to_string(i)] = "v";
  for (int i = 19; i >= 0; --i) (*b.mutable_labels())["k" + std::to_string(i)] = "v";
  EXPECT_EQ(Make(a)->fingerprint, Make(b)->fingerprint);
  b.mutable_resize()->set_width(801);
  EXPECT_NE(Make(a)->fingerprint, Make(b)->fingerprint);
}

struct BadCase {
  const char* field;
  const char* text;
};

class BadRequest : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadRequest, IsRefusedWithTheFieldNamed) {
  v1::EnqueueRequest request = Request(kGood);
  request.MergeFrom(Request(GetParam().text));
  const auto made = Make(request);
  ASSERT_THAT(made, StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_EQ(BadRequestOf(made.status()).field_violations_size(), 1);
  EXPECT_EQ(BadRequestOf(made.status()).field_violations(0).field(), GetParam().field) << made.status();
}

INSTANTIATE_TEST_SUITE_P(
    All, BadRequest,
    ::testing::Values(
        BadCase{"job_id", R"pb(job_id: "a/b")pb"}, BadCase{"job_id", R"pb(job_id: "-a")pb"},
        BadCase{"request_id", R"pb(request_id: "a b")pb"}, BadCase{"video_id", R"pb(video_id: "a\nb")pb"},
        BadCase{"input", R"pb(input: "../etc/passwd")pb"}, BadCase{"input", R"pb(input: "/etc/passwd")pb"},
        BadCase{"input", R"pb(input: "a/../../b")pb"}, BadCase{"input", R"pb(input: "a\000b")pb"},
        BadCase{"input", R"pb(input: "a//b")pb"}, BadCase{"input", R"pb(input: "./a")pb"},
        BadCase{"input", R"pb(input: "upload:../x")pb"}, BadCase{"output", R"pb(output: "../b.mp4")pb"},
        BadCase{"output", R"pb(output: "/b.mp4")pb"}, BadCase{"output", R"pb(output: ".hidden/b.mp4")pb"},
        BadCase{"priority", R"pb(priority: 1001)pb"}, BadCase{"labels", R"pb(labels { key: "A" value: "x" })pb"},
        BadCase{"labels.a", R"pb(labels { key: "a" value: "\001" })pb"},
        BadCase{"retry_policy.max_retries", R"pb(retry_policy { max_retries: -1 })pb"},
        BadCase{"retry_policy.initial_backoff", R"pb(retry_policy { initial_backoff { seconds: -1 } })pb"},
        BadCase{"retry_policy.max_backoff", R"pb(retry_policy {
                                                   initial_backoff { seconds: 9 }
                                                   max_backoff { seconds: 8 }
                                                 })pb"},
        BadCase{"limits.max_run_time", R"pb(limits { max_run_time {} })pb"},
        BadCase{"run_at", R"pb(run_at { seconds: 1867225600 })pb"},
        BadCase{"run_at", R"pb(run_at { seconds: 1767225600 nanos: -5 })pb"},
        BadCase{"resize.width", R"pb(resize { width: 1 })pb"}, BadCase{"resize.width", R"pb(resize { width: -7 })pb"},
        BadCase{"resize.height", R"pb(resize { height: 16385 })pb"}, BadCase{"resize.fit", R"pb(resize { fit: 9 })pb"},
        BadCase{"resize.container", R"pb(resize { container: 99 })pb"},
        BadCase{"resize.video.codec", R"pb(resize { video { codec: VIDEO_CODEC_COPY } })pb"},
        BadCase{"resize.video.quality", R"pb(resize { video { codec: VIDEO_CODEC_H264 quality: 52 } })pb"},
        BadCase{"resize.video.bitrate_bps", R"pb(resize { video { bitrate_bps: 5 } })pb"},
        BadCase{"resize.video.preset", R"pb(resize { video { preset: "a=b" } })pb"},
        BadCase{"resize.audio.bitrate_bps", R"pb(resize { audio { bitrate_bps: 1 } })pb"},
        BadCase{"resize.audio.mute", R"pb(resize { audio { mute: true codec: AUDIO_CODEC_AAC } })pb"},
        BadCase{"convert.container", R"pb(convert {})pb"}, BadCase{"convert.trim", R"pb(convert { trim {} })pb"},
        BadCase{"convert.trim.start", R"pb(convert { trim { start { seconds: -1 } } })pb"},
        BadCase{"convert.trim.duration", R"pb(convert { trim { duration {} } })pb"}));

TEST(Request, MissingSpecOrInputIsRefused) {
  EXPECT_THAT(Make(Request(R"pb(input: "a.mp4")pb")), StatusIs(absl::StatusCode::kInvalidArgument, "spec"));
  EXPECT_THAT(Make(Request(R"pb(resize { width: 2 })pb")), StatusIs(absl::StatusCode::kInvalidArgument, "input"));
  EXPECT_THAT(Make(Request(R"pb(input: "a"
                                resize {})pb")),
              StatusIs(absl::StatusCode::kInvalidArgument, "resize.width"));
}

TEST(Request, LongNamesAreRefused) {
  auto request = Request(kGood);
  request.set_input(std::string(10000, 'a'));
  EXPECT_THAT(Make(request), StatusIs(absl::StatusCode::kInvalidArgument, "4096"));
  request.set_input(std::string(256, 'a'));
  EXPECT_THAT(Make(request), StatusIs(absl::StatusCode::kInvalidArgument, "255"));
}

TEST(Request, StillsGoToTheShortLane) {
  EXPECT_EQ(Make(Request(R"pb(input: "a.JPG"
                              resize { width: 8 })pb"))
                ->lane,
            Lane::kShort);
  EXPECT_EQ(Make(Request(R"pb(input: "a.mp4"
                              convert { container: CONTAINER_PNG })pb"))
                ->lane,
            Lane::kShort);
  EXPECT_EQ(Make(Request(kGood))->lane, Lane::kLong);
  EXPECT_EQ(Make(Request(R"pb(input: "a.png"
                              output: "b.mp4"
                              resize { width: 8 })pb"))
                ->lane,
            Lane::kLong);
}

TEST(OutputName, ExtensionsAndContainersMatch) {
  EXPECT_EQ(ContainerOfPath("a/b.MKV"), v1::CONTAINER_MKV);
  EXPECT_EQ(ContainerOfPath("a.b/c"), v1::CONTAINER_UNSPECIFIED);
  EXPECT_EQ(ContainerOfPath("a.jpeg"), v1::CONTAINER_JPEG);
  EXPECT_EQ(ContainerOfPath("a."), v1::CONTAINER_UNSPECIFIED);
  EXPECT_EQ(ExtensionOfPath("x.tar.gz"), "gz");
  EXPECT_EQ(ExtensionOfPath("x.a b"), "");
  for (int i = v1::Container_MIN + 1; i <= v1::Container_MAX; ++i) {
    const auto container = static_cast<v1::Container>(i);
    EXPECT_EQ(ContainerOfPath(std::string("x.") + std::string(ExtensionOf(container))), container);
  }
}

TEST(OutputName, DefaultsAreMadeOfIdAndName) {
  EXPECT_EQ(DefaultOutput("job", "", v1::CONTAINER_MP4), "job.mp4");
  EXPECT_EQ(DefaultOutput("job", "720p", v1::CONTAINER_JPEG), "job-720p.jpg");
  EXPECT_EQ(VttPathOf("a.b/c.jpg"), "a.b/c.vtt");
  EXPECT_EQ(VttPathOf("a.b/c"), "a.b/c.vtt");
  EXPECT_EQ(BaseName("a/b.jpg"), "b.jpg");
  EXPECT_EQ(BaseName("b.jpg"), "b.jpg");
}

}  // namespace
}  // namespace spool::job
