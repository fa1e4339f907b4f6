#include "server/rpc/media_service.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "server/auth/gatekeeper.h"
#include "server/base/clock.h"
#include "server/base/status_matchers.h"
#include "server/files/media_files.h"
#include "server/service/audit_log.h"

namespace spool::rpc {
namespace {

class MediaServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* folder : {"media", "out", "data"}) std::filesystem::create_directories(path_ + folder);
    auto files = files::MediaFiles::Open({path_ + "media", path_ + "out", path_ + "data"});
    ASSERT_OK(files);
    files_ = *std::move(files);
    auto gatekeeper = auth::Gatekeeper::Open("", Clock::Real());
    ASSERT_OK(gatekeeper);
    gatekeeper_ = *std::move(gatekeeper);
    // Uploads want neither store nor executor.
    calls_ = std::make_unique<service::MediaCalls>(nullptr, files_.get(), nullptr, audit_.get(), int64_t{1} << 30);
    admission_ = std::make_unique<Admission>(gatekeeper_.get(), Admission::Clients::kAny);
  }
  ~MediaServiceTest() override {
    if (server_ != nullptr) server_->Shutdown();
  }
  void Serve(const MediaService::Waits& waits) {
    service_ = std::make_unique<MediaService>(calls_.get(), admission_.get(), waits);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    stub_ = v1::MediaService::NewStub(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials()));
  }
  // Far more than any of these takes: what waits for it fails as DEADLINE_EXCEEDED.
  static void Bound(grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  }

  const std::string path_ =
      absl::StrCat(::testing::TempDir(), "/", ::testing::UnitTest::GetInstance()->current_test_info()->name(), "/");
  std::unique_ptr<files::MediaFiles> files_;
  std::unique_ptr<auth::Gatekeeper> gatekeeper_;
  const std::unique_ptr<service::AuditLog> audit_ = service::AuditLog::Off();
  std::unique_ptr<service::MediaCalls> calls_;
  std::unique_ptr<Admission> admission_;
  std::unique_ptr<MediaService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::MediaService::Stub> stub_;
};

TEST_F(MediaServiceTest, AClientThatSendsNothingLosesItsTurn) {
  Serve({.read = absl::Milliseconds(20)});
  // Before the header, after it, and within the file.
  for (int messages = 0; messages < 3; ++messages) {
    grpc::ClientContext context;
    Bound(context);
    v1::UploadMediaResponse response;
    const auto writer = stub_->UploadMedia(&context, &response);
    v1::UploadMediaRequest part;
    part.mutable_header()->set_file_name("a.mp4");
    if (messages > 0) writer->Write(part);
    part.set_chunk("x");
    if (messages > 1) writer->Write(part);
    EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::CANCELLED) << messages;
  }
}

TEST_F(MediaServiceTest, AClientThatGoesOnKeepsIt) {
  Serve({});
  grpc::ClientContext context;
  Bound(context);
  v1::UploadMediaResponse response;
  const auto writer = stub_->UploadMedia(&context, &response);
  v1::UploadMediaRequest part;
  part.mutable_header()->set_file_name("a.mp4");
  ASSERT_TRUE(writer->Write(part));
  part.set_chunk("x");
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(writer->Write(part));
  ASSERT_TRUE(writer->WritesDone());
  const grpc::Status status = writer->Finish();
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.bytes(), 100);
}

}  // namespace
}  // namespace spool::rpc
