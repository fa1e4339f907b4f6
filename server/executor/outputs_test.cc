#include "server/executor/outputs.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"
#include "server/job/failure.h"

namespace spool::executor {
namespace {

class OutputsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = ::testing::TempDir() + "outputs_test";
    std::filesystem::remove_all(root_);
    for (const char* folder : {"/media", "/out", "/data"}) std::filesystem::create_directories(root_ + folder);
    auto files = files::MediaFiles::Open({root_ + "/media", root_ + "/out", root_ + "/data"});
    ASSERT_OK(files);
    files_ = *std::move(files);
  }

  Outputs Stage(const std::string& job) {
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(job, &job_)) << job;
    job_.set_id("job");
    job_.set_attempt(2);
    auto outputs = Outputs::Stage(job_, *files_);
    EXPECT_OK(outputs);
    return *std::move(outputs);
  }

  // The worker has planned the output, written `bytes` and says so.
  absl::Status Make(Outputs& outputs, int index, const std::string& bytes, v1::Container container,
                    const std::string& vtt = "") {
    if (absl::Status status = outputs.TakePlan(Planned(index)); !status.ok()) return status;
    EXPECT_EQ(write(outputs.fds()[index], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    worker::Report::Ended ended;
    ended.set_index(index);
    ended.mutable_result()->mutable_result()->set_bytes(static_cast<int64_t>(bytes.size()));
    ended.mutable_result()->mutable_result()->set_container(container);
    ended.set_vtt(vtt);
    return outputs.TakeEnd(ended, std::nullopt);
  }
  absl::Status Fail(Outputs& outputs, int index, absl::string_view reason) {
    worker::Report::Ended ended;
    ended.set_index(index);
    return outputs.TakeEnd(ended, job::MakeError(reason, "no"));
  }

  static worker::Report::Planned Planned(int index) {
    worker::Report::Planned planned;
    planned.set_index(index);
    planned.mutable_plan()->set_width(640);
    return planned;
  }

  std::string Contents(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(root_ + "/out/" + name, std::ios::binary).rdbuf();
    return text.str();
  }
  // Files that somebody could see.
  int Published() {
    int files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root_ + "/out")) {
      files += entry.is_regular_file() && entry.path().string().find(".spool-staging") == std::string::npos;
    }
    return files;
  }

  std::string root_;
  std::unique_ptr<files::MediaFiles> files_;
  v1::Job job_;
};

TEST_F(OutputsTest, OneOutputIsTheJobsResult) {
  Outputs outputs = Stage("resize { width: 8 }");
  EXPECT_TRUE(outputs.names().empty());
  EXPECT_FALSE(outputs.all_ended());
  ASSERT_OK(Make(outputs, 0, "film", v1::CONTAINER_MP4));
  EXPECT_TRUE(outputs.all_ended());
  EXPECT_EQ(Published(), 0);
  const auto published = outputs.Publish(12.5);
  const auto* result = std::get_if<v1::JobResult>(&published);
  ASSERT_NE(result, nullptr);
  EXPECT_EQ(result->output(), "job.mp4");
  EXPECT_EQ(Contents("job.mp4"), "film");
  EXPECT_EQ(result->outputs_size(), 0);
  ASSERT_EQ(result->plan().outputs_size(), 1);
  EXPECT_EQ(result->plan().outputs(0).width(), 640);
  EXPECT_EQ(result->plan().decoded_megapixels(), 12.5);
}

TEST_F(OutputsTest, OneOutputsErrorIsTheJobs) {
  Outputs outputs = Stage("resize { width: 8 }");
  ASSERT_OK(Fail(outputs, 0, job::kInvalidMedia));
  const auto published = outputs.Publish(0);
  const auto* error = std::get_if<v1::JobError>(&published);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->reason(), "INVALID_MEDIA");
  EXPECT_EQ(error->message(), "no");
}

constexpr char kThree[] = R"pb(outputs {
                                 outputs {
                                   name: "a"
                                   resize { width: 8 }
                                 }
                                 outputs {
                                   name: "b"
                                   output: "films/b.mp4"
                                   resize { width: 4 }
                                 }
                                 outputs {
                                   name: "c"
                                   thumbnail {}
                                 }
                               })pb";

TEST_F(OutputsTest, ThoseThatCouldBeMadeArePublished) {
  Outputs outputs = Stage(kThree);
  EXPECT_EQ(outputs.names(), (std::vector<std::string>{"a", "b", "c"}));
  ASSERT_OK(Fail(outputs, 0, job::kInvalidSpec));
  ASSERT_OK(Make(outputs, 1, "film", v1::CONTAINER_MP4));
  ASSERT_OK(Make(outputs, 2, "still", v1::CONTAINER_JPEG));
  const auto published = outputs.Publish(1);
  const auto* result = std::get_if<v1::JobResult>(&published);
  ASSERT_NE(result, nullptr);
  EXPECT_EQ(result->output(), "films/b.mp4");
  EXPECT_EQ(result->bytes(), 4);
  ASSERT_EQ(result->outputs_size(), 3);
  EXPECT_EQ(result->outputs(0).name(), "a");
  EXPECT_EQ(result->outputs(0).error().reason(), "INVALID_SPEC");
  EXPECT_EQ(result->outputs(0).error().attempt(), 2);
  EXPECT_FALSE(result->outputs(0).has_result());
  EXPECT_EQ(result->outputs(2).result().output(), "job-c.jpg");
  ASSERT_EQ(result->plan().outputs_size(), 3);
  EXPECT_EQ(result->plan().outputs(0).error(), "no");
  EXPECT_EQ(result->plan().outputs(2).name(), "c");
  EXPECT_EQ(Contents("films/b.mp4"), "film");
  EXPECT_EQ(Contents("job-c.jpg"), "still");
  EXPECT_EQ(Published(), 2);
}

TEST_F(OutputsTest, WhatIsTooLongIsLeftOut) {
  std::string job;
  for (int i = 0; i < 16; ++i) job += "outputs { thumbnail {} output: 'o" + std::to_string(i) + ".jpg' }";
  Outputs outputs = Stage("outputs {" + job + "}");
  for (int i = 0; i < 16; ++i) {
    worker::Report::Planned planned = Planned(i);
    for (int k = 0; k < 100; ++k) planned.mutable_plan()->add_streams()->set_filters(std::string(500, 'f'));
    ASSERT_OK(outputs.TakePlan(planned));
    ASSERT_EQ(write(outputs.fds()[i], "x", 1), 1);
    worker::Report::Ended ended;
    ended.set_index(i);
    v1::JobResult& result = *ended.mutable_result()->mutable_result();
    result.set_bytes(1);
    result.set_container(v1::CONTAINER_JPEG);
    for (int k = 0; k < 100; ++k) result.add_streams()->set_reason(std::string(500, 'r'));
    ASSERT_OK(outputs.TakeEnd(ended, std::nullopt));
  }
  const auto published = outputs.Publish(1);
  const auto& result = std::get<v1::JobResult>(published);
  EXPECT_LT(result.ByteSizeLong(), 128u << 10);
  EXPECT_FALSE(result.has_plan());
  ASSERT_EQ(result.outputs_size(), 16);
  EXPECT_EQ(result.outputs(15).result().output(), "o15.jpg");
}

TEST_F(OutputsTest, AllOrNothingPublishesNothing) {
  const std::string three = kThree;
  Outputs outputs = Stage(three.substr(0, three.rfind('}')) + "all_or_nothing: true }");
  ASSERT_OK(Make(outputs, 0, "film", v1::CONTAINER_MP4));
  ASSERT_OK(Fail(outputs, 1, job::kOutOfSpace));
  ASSERT_TRUE(outputs.first_error().has_value());
  EXPECT_EQ(outputs.first_error()->message(), "output \"b\": no");
  ASSERT_OK(Make(outputs, 2, "still", v1::CONTAINER_JPEG));
  const auto published = outputs.Publish(1);
  const auto* error = std::get_if<v1::JobError>(&published);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->reason(), "OUT_OF_SPACE");
  EXPECT_TRUE(error->retryable());
  EXPECT_EQ(Published(), 0);
}

TEST_F(OutputsTest, AllFailedIsTheFirstOnesError) {
  Outputs outputs = Stage(kThree);
  ASSERT_OK(Fail(outputs, 2, job::kOutOfSpace));
  ASSERT_OK(Fail(outputs, 0, job::kInvalidSpec));
  ASSERT_OK(Fail(outputs, 1, job::kOutOfSpace));
  const auto published = outputs.Publish(1);
  EXPECT_EQ(std::get<v1::JobError>(published).reason(), "INVALID_SPEC");
}

// Somebody made a folder there since the job was accepted.
TEST_F(OutputsTest, APathThatIsTakenFailsItsOutputAlone) {
  Outputs outputs = Stage(kThree);
  for (int i = 0; i < 3; ++i) ASSERT_OK(Make(outputs, i, "x", v1::CONTAINER_MP4));
  std::filesystem::create_directories(root_ + "/out/films/b.mp4");
  const auto published = outputs.Publish(1);
  const auto* result = std::get_if<v1::JobResult>(&published);
  ASSERT_NE(result, nullptr);
  EXPECT_EQ(result->outputs(1).error().reason(), "INVALID_SPEC");
  EXPECT_EQ(Published(), 2);
}

TEST_F(OutputsTest, ASpriteSheetHasItsVttBesideIt) {
  Outputs outputs = Stage("output: 's/my sheet#1.jpg' sprite_sheet {}");
  ASSERT_OK(Make(outputs, 0, "image", v1::CONTAINER_JPEG,
                 "WEBVTT\n\n00:00.000 --> 00:01.000\n{image}#xywh=0,0,160,90\n\x1b{image}\n"));
  const auto published = outputs.Publish(1);
  const auto* result = std::get_if<v1::JobResult>(&published);
  ASSERT_NE(result, nullptr);
  EXPECT_EQ(result->output(), "s/my sheet#1.jpg");
  EXPECT_EQ(result->vtt(), "s/my sheet#1.vtt");
  EXPECT_EQ(Contents("s/my sheet#1.vtt"),
            "WEBVTT\n\n00:00.000 --> 00:01.000\nmy%20sheet%231.jpg#xywh=0,0,160,90\n?my%20sheet%231.jpg\n");
}

TEST_F(OutputsTest, NonsenseIsNoticed) {
  Outputs outputs = Stage(kThree);
  EXPECT_THAT(outputs.TakePlan(Planned(-1)), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(outputs.TakePlan(Planned(3)), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_OK(outputs.TakePlan(Planned(0)));
  EXPECT_THAT(outputs.TakePlan(Planned(0)), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(Fail(outputs, 3, job::kInvalidMedia), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(Fail(outputs, -1, job::kInvalidMedia), StatusIs(absl::StatusCode::kDataLoss));
  worker::Report::Ended ended;
  EXPECT_THAT(outputs.TakeEnd(ended, std::nullopt), StatusIs(absl::StatusCode::kDataLoss));
  ended.mutable_result()->mutable_result()->set_bytes(1);
  EXPECT_THAT(outputs.TakeEnd(ended, job::MakeError(job::kInternal, "both")), StatusIs(absl::StatusCode::kDataLoss));
  ended.set_index(1);
  EXPECT_THAT(outputs.TakeEnd(ended, std::nullopt), StatusIs(absl::StatusCode::kDataLoss, "not planned"));
  EXPECT_THAT(Make(outputs, 1, "x", v1::CONTAINER_MP4, "WEBVTT"), StatusIs(absl::StatusCode::kDataLoss, "WebVTT"));
  ASSERT_OK(Fail(outputs, 2, job::kInvalidMedia));
  EXPECT_THAT(Fail(outputs, 2, job::kInvalidMedia), StatusIs(absl::StatusCode::kDataLoss, "twice"));
}

TEST_F(OutputsTest, ASizeThatIsNotTheFilesFailsTheOutput) {
  Outputs outputs = Stage("resize { width: 8 }");
  ASSERT_OK(outputs.TakePlan(Planned(0)));
  worker::Report::Ended ended;
  ended.mutable_result()->mutable_result()->set_bytes(99);
  ended.mutable_result()->mutable_result()->set_container(v1::CONTAINER_MP4);
  ASSERT_OK(outputs.TakeEnd(ended, std::nullopt));
  EXPECT_EQ(std::get<v1::JobError>(outputs.Publish(1)).reason(), "INTERNAL");
}

}  // namespace
}  // namespace spool::executor
