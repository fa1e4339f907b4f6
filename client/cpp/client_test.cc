#include "client/cpp/client.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "client/cpp/fake_server.h"
#include "client/cpp/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"

namespace spool::client {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

std::string ReadAll(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() : folder_(::testing::TempDir() + "client_test") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  std::vector<std::string> FolderContent() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) names.push_back(entry.path().filename());
    return names;
  }

  const std::string folder_;
  FakeServer server_;
  std::vector<absl::Duration> pauses_;
  Client client_{server_.address(), {.pause = [this](absl::Duration delay) { pauses_.push_back(delay); }}};
};

TEST_F(ClientTest, ErrorsCarryTheServersReason) {
  server_.get_job = [](const v1::GetJobRequest& request, v1::GetJobResponse*) {
    return StatusWithReason(grpc::StatusCode::NOT_FOUND, "no job " + request.job_id(), "JOB_NOT_FOUND");
  };
  const auto response = client_.GetJob("x");
  EXPECT_THAT(response, StatusIs(absl::StatusCode::kNotFound, "no job x"));
  EXPECT_EQ(ReasonOf(response.status()), "JOB_NOT_FOUND");
}

TEST_F(ClientTest, ErrorsOfTheTransportHaveNoReason) {
  const auto response = client_.GetJob("x");  // The fake's plain UNIMPLEMENTED.
  EXPECT_THAT(response, StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_EQ(ReasonOf(response.status()), "");
}

TEST_F(ClientTest, EnqueueWithARequestIdOutlivesARestart) {
  int calls = 0;
  server_.enqueue = [&calls](const v1::EnqueueRequest& request, v1::EnqueueResponse* response) {
    EXPECT_EQ(request.request_id(), "once");
    if (++calls == 1) return StatusWithReason(grpc::StatusCode::UNAVAILABLE, "stopping", "SERVER_DRAINING", 1000);
    if (calls == 2) return grpc::Status::CANCELLED;  // As gRPC ends what is left when a server shuts down.
    if (calls == 3) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "Connection refused");
    response->mutable_job()->set_id("job");
    return grpc::Status::OK;
  };
  v1::EnqueueRequest request;
  request.set_request_id("once");
  const auto response = client_.Enqueue(request);
  ASSERT_OK(response);
  EXPECT_EQ(response->job().id(), "job");
  ASSERT_THAT(pauses_, SizeIs(3));
  EXPECT_EQ(pauses_[0], absl::Seconds(1));  // As asked for.
}

TEST_F(ClientTest, EnqueueWithoutARequestIdIsNotRepeated) {
  int calls = 0;
  server_.enqueue = [&calls](const v1::EnqueueRequest&, v1::EnqueueResponse*) {
    ++calls;
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "Connection refused");
  };
  EXPECT_THAT(client_.Enqueue({}), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(calls, 1);
}

TEST_F(ClientTest, EnqueueGivesUpInTheEnd) {
  server_.enqueue = [](const v1::EnqueueRequest&, v1::EnqueueResponse*) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "Connection refused");
  };
  v1::EnqueueRequest request;
  request.set_request_id("once");
  EXPECT_THAT(client_.Enqueue(request), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(pauses_, SizeIs(8));
}

TEST_F(ClientTest, UploadSendsTheWholeFile) {
  const std::string content(3 * 512 * 1024 + 7, 'x');
  std::ofstream(Path("cat.mp4"), std::ios::binary) << content;
  server_.upload_media = [&](const v1::UploadMediaHeader& header, const std::string& bytes,
                             v1::UploadMediaResponse* response) {
    EXPECT_EQ(header.file_name(), "cat.mp4");
    EXPECT_EQ(header.size(), static_cast<int64_t>(content.size()));
    EXPECT_EQ(bytes, content);
    response->set_media_id("upload:1");
    return grpc::Status::OK;
  };
  std::vector<int64_t> progress;
  const auto response = client_.Upload(Path("cat.mp4"), [&](int64_t done, int64_t) { progress.push_back(done); });
  ASSERT_OK(response);
  EXPECT_EQ(response->media_id(), "upload:1");
  EXPECT_THAT(progress, ElementsAre(524288, 1048576, 1572864, 1572871));
}

TEST_F(ClientTest, UploadTellsWhyAFileCannotBeRead) {
  EXPECT_THAT(client_.Upload(Path("missing")), StatusIs(absl::StatusCode::kNotFound, "missing"));
  EXPECT_THAT(client_.Upload(folder_), StatusIs(absl::StatusCode::kInvalidArgument, "is a folder"));
}

TEST_F(ClientTest, UploadReportsTheServersRefusal) {
  std::ofstream(Path("empty"), std::ios::binary);
  server_.upload_media = [](const v1::UploadMediaHeader&, const std::string&, v1::UploadMediaResponse*) {
    return StatusWithReason(grpc::StatusCode::INVALID_ARGUMENT, "empty", "UPLOAD_EMPTY");
  };
  EXPECT_EQ(ReasonOf(client_.Upload(Path("empty")).status()), "UPLOAD_EMPTY");
}

// Two chunks, "hello " and "world", of an output of `total` bytes.
auto HelloWorld(int64_t total) {
  return [total](const v1::DownloadMediaRequest& request, std::vector<v1::DownloadMediaResponse>* chunks) {
    EXPECT_EQ(request.job_id(), "job");
    chunks->resize(2);
    (*chunks)[0].set_chunk("hello ");
    (*chunks)[0].set_total_bytes(total);
    (*chunks)[1].set_chunk("world");
    return grpc::Status::OK;
  };
}

TEST_F(ClientTest, DownloadLeavesOneCompleteFile) {
  server_.download_media = HelloWorld(11);
  const auto bytes = client_.Download("job", Path("out"), Existing::kKeep);
  ASSERT_OK(bytes);
  EXPECT_EQ(*bytes, 11);
  EXPECT_EQ(ReadAll(Path("out")), "hello world");
  EXPECT_THAT(FolderContent(), ElementsAre("out"));
  struct stat facts;
  ASSERT_EQ(::stat(Path("out").c_str(), &facts), 0);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  EXPECT_EQ(facts.st_mode & 0777, 0666 & ~mask);
}

TEST_F(ClientTest, DownloadThatEndsEarlyLeavesNothing) {
  server_.download_media = HelloWorld(12);
  EXPECT_THAT(client_.Download("job", Path("out"), Existing::kReplace),
              StatusIs(absl::StatusCode::kDataLoss, "got 11 of 12 bytes"));
  EXPECT_THAT(FolderContent(), SizeIs(0));
}

TEST_F(ClientTest, DownloadThatFailsLeavesTheOldFile) {
  std::ofstream(Path("out")) << "old";
  server_.download_media = [](const v1::DownloadMediaRequest&, std::vector<v1::DownloadMediaResponse>* chunks) {
    chunks->resize(1);
    (*chunks)[0].set_chunk("hel");
    (*chunks)[0].set_total_bytes(11);
    return StatusWithReason(grpc::StatusCode::NOT_FOUND, "gone", "OUTPUT_NOT_FOUND");
  };
  EXPECT_EQ(ReasonOf(client_.Download("job", Path("out"), Existing::kReplace).status()), "OUTPUT_NOT_FOUND");
  EXPECT_EQ(ReadAll(Path("out")), "old");
  EXPECT_THAT(FolderContent(), ElementsAre("out"));
}

TEST_F(ClientTest, DownloadReplacesOrKeepsAnExistingFile) {
  std::ofstream(Path("out")) << "old";
  server_.download_media = HelloWorld(11);
  EXPECT_THAT(client_.Download("job", Path("out"), Existing::kKeep), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(ReadAll(Path("out")), "old");
  EXPECT_OK(client_.Download("job", Path("out"), Existing::kReplace));
  EXPECT_EQ(ReadAll(Path("out")), "hello world");
}

}  // namespace
}  // namespace spool::client
