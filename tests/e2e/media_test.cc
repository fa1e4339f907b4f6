// MediaService: files in, files out, and a look at what they hold.

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/spoold_test.h"

namespace spool::testing {
namespace {

class MediaTest : public SpooldTest {
 protected:
  std::string folder() { return server().folder(); }
  // Waits for the job's end.
  v1::Job Finish(const std::string& id) {
    v1::WatchEventsRequest watching = FromEarliest();
    watching.mutable_filter()->add_job_ids(id);
    watching.set_until_terminal(true);
    EXPECT_OK(OpenWatch(watching)->UntilEnd());
    return GetJob(id);
  }
};

std::string Contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::string Sha256Of(const std::string& path) {
  const auto exit = RunProgram({"sha256sum", path});
  EXPECT_OK(exit);
  return exit->out.substr(0, 64);
}

TEST_F(MediaTest, AnUploadIsResizedAndDownloaded) {
  StartServer();
  // Larger than one message, so that it comes in pieces.
  const std::string input = folder() + "/input.png";
  ASSERT_OK(RunProgram({"ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i",
                        "nullsrc=size=1200x800,geq=random(1)*255:128:128", "-frames:v", "1", input}));
  ASSERT_GT(std::filesystem::file_size(input), 300000);
  const auto uploaded = client().Upload(input);
  ASSERT_OK(uploaded);
  EXPECT_THAT(uploaded->media_id(), ::testing::StartsWith("upload:"));
  EXPECT_EQ(uploaded->bytes(), std::filesystem::file_size(input));
  EXPECT_EQ(uploaded->sha256(), Sha256Of(input));

  const v1::Job job = Finish(Enqueue(Resize(uploaded->media_id(), 600, 400)));
  ASSERT_EQ(job.state(), v1::JOB_STATE_COMPLETED) << job.error().message();
  const std::string output = folder() + "/output.png";
  const auto downloaded = client().Download(job.id(), output, client::Existing::kKeep);
  ASSERT_OK(downloaded);
  EXPECT_EQ(*downloaded, job.result().bytes());
  EXPECT_EQ(Sha256Of(output), job.result().sha256());
  EXPECT_EQ(*Probe(output, "stream=width,height"), "600\n400\n");
}

TEST_F(MediaTest, APartOfAnOutputIsDownloaded) {
  AddStill("a.png", 64, 64);
  StartServer();
  const v1::Job job = Finish(Enqueue(Resize("a.png", 32, 32)));
  const std::string whole = Contents(server().output_root() + "/" + job.output());
  v1::DownloadMediaRequest request;
  request.set_job_id(job.id());
  request.set_offset(10);
  request.set_length(20);
  grpc::ClientContext context;
  const auto reader = media()->DownloadMedia(&context, request);
  v1::DownloadMediaResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.chunk(), whole.substr(10, 20));
  EXPECT_EQ(response.total_bytes(), whole.size());
  EXPECT_EQ(response.output(), job.output());
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_TRUE(reader->Finish().ok());

  request.set_offset(static_cast<int64_t>(whole.size()) + 1);
  grpc::ClientContext too_far;
  const auto refused = media()->DownloadMedia(&too_far, request);
  EXPECT_FALSE(refused->Read(&response));
  EXPECT_THAT(client::FromGrpc(refused->Finish()), Refused(absl::StatusCode::kOutOfRange, "OFFSET_TOO_LARGE"));
}

TEST_F(MediaTest, OnlyACompletedJobHasAnOutput) {
  AddStill("a.png");
  StartServer();
  ASSERT_OK(client().PauseQueue());
  const std::string id = Enqueue(Resize("a.png", 2, 2));
  const std::string path = folder() + "/out.png";
  EXPECT_THAT(client().Download(id, path, client::Existing::kKeep),
              Refused(absl::StatusCode::kFailedPrecondition, "JOB_NOT_COMPLETED"));
  EXPECT_THAT(client().Download("nobody", path, client::Existing::kKeep),
              Refused(absl::StatusCode::kNotFound, "JOB_NOT_FOUND"));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(MediaTest, AProbeTellsWhatAFileHolds) {
  AddVideo("a.mp4", {.width = 320, .height = 180, .frames = 50});
  StartServer();
  const auto probed = client().ProbeMedia("a.mp4");
  ASSERT_OK(probed);
  ASSERT_EQ(probed->media().streams_size(), 2);
  EXPECT_EQ(probed->media().streams(0).codec(), "h264");
  EXPECT_EQ(probed->media().streams(0).width(), 320);
  EXPECT_EQ(probed->media().streams(0).height(), 180);
  EXPECT_EQ(probed->media().streams(0).frame_rate(), 25);
  EXPECT_EQ(probed->media().streams(1).codec(), "aac");
  EXPECT_EQ(probed->media().bytes(), std::filesystem::file_size(server().media_root() + "/a.mp4"));
  EXPECT_THAT(client().ProbeMedia("missing.mp4"), Refused(absl::StatusCode::kNotFound, "INPUT_NOT_FOUND"));
  ASSERT_OK(RunProgram({"cp", "/etc/passwd", server().media_root() + "/text.mp4"}));
  EXPECT_THAT(client().ProbeMedia("text.mp4"), Refused(absl::StatusCode::kInvalidArgument, "INVALID_MEDIA"));
}

TEST_F(MediaTest, AnUploadThatIsNotWhatWasAnnouncedIsRefused) {
  StartServer({"--max_upload_bytes=100"});
  const auto upload = [&](const v1::UploadMediaHeader& header, const std::string& bytes) {
    grpc::ClientContext context;
    v1::UploadMediaResponse response;
    const auto writer = media()->UploadMedia(&context, &response);
    v1::UploadMediaRequest part;
    *part.mutable_header() = header;
    writer->Write(part);
    part.set_chunk(bytes);
    writer->Write(part);
    writer->WritesDone();
    return client::FromGrpc(writer->Finish());
  };
  v1::UploadMediaHeader header;
  EXPECT_OK(upload(header, "hello"));
  header.set_size(6);
  EXPECT_THAT(upload(header, "hello"), Refused(absl::StatusCode::kInvalidArgument, "SIZE_MISMATCH"));
  header.set_size(5);
  header.set_sha256(std::string(64, '0'));
  EXPECT_THAT(upload(header, "hello"), Refused(absl::StatusCode::kInvalidArgument, "SHA256_MISMATCH"));
  EXPECT_THAT(upload({}, ""), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(upload({}, std::string(101, 'x')), Refused(absl::StatusCode::kResourceExhausted, "UPLOAD_TOO_LARGE"));
}

// "Half an upload leaves nothing": the client goes away after some bytes, without having said how many there will be.
TEST_F(MediaTest, HalfAnUploadLeavesNothing) {
  StartServer();
  {
    grpc::ClientContext context;
    v1::UploadMediaResponse response;
    const auto writer = media()->UploadMedia(&context, &response);
    v1::UploadMediaRequest part;
    part.mutable_header()->set_file_name("half.png");
    ASSERT_TRUE(writer->Write(part));
    part.set_chunk("half of");
    ASSERT_TRUE(writer->Write(part));
    context.TryCancel();
    EXPECT_FALSE(writer->Finish().ok());
  }
  // The server's end means that it has dealt with the call.
  server().Terminate();
  ASSERT_OK(server().WaitForExit());
  for (const auto& entry : std::filesystem::recursive_directory_iterator(server().data_dir() + "/uploads")) {
    EXPECT_FALSE(entry.is_regular_file()) << entry.path();
  }
}

}  // namespace
}  // namespace spool::testing
