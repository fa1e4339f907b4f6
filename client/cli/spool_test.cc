// The whole program, against a server that the test scripts.

#include "client/cli/spool.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "client/cli/commands.h"
#include "client/cpp/fake_server.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "server/base/fake_clock.h"
#include "server/base/version.h"

namespace spool::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

v1::WatchEventsResponse Response(const std::string& text) { return Parse<v1::WatchEventsResponse>(text); }

constexpr char kStarted[] = R"pb(
  events {
    sequence: 2
    job_id: "job"
    type: EVENT_TYPE_STARTED
    state: JOB_STATE_RUNNING
    attempt: 1
    started { job_id: "job" type: JOB_TYPE_RESIZE }
  }
  coverage { after: 1 through: 2 resume_token: "two" }
)pb";
constexpr char kProgress[] = R"pb(
  progress {
    job_id: "job"
    progress { fraction: 0.5 basis: PROGRESS_BASIS_TIME }
  }
)pb";
constexpr char kCompleted[] = R"pb(
  events {
    sequence: 3
    job_id: "job"
    type: EVENT_TYPE_COMPLETED
    state: JOB_STATE_COMPLETED
    attempt: 1
    completed {
      job_id: "job"
      type: JOB_TYPE_RESIZE
      result { width: 800 height: 600 }
    }
  }
  coverage { after: 2 through: 3 resume_token: "three" }
)pb";
constexpr char kFailed[] = R"pb(
  events {
    sequence: 3
    job_id: "job"
    type: EVENT_TYPE_FAILED
    state: JOB_STATE_FAILED
    failed {
      job_id: "job"
      type: JOB_TYPE_RESIZE
      error { reason: "INVALID_MEDIA" message: "not a video" }
    }
  }
  coverage { after: 2 through: 3 resume_token: "three" }
)pb";

class SpoolTest : public ::testing::Test {
 protected:
  SpoolTest() : folder_(::testing::TempDir() + "spool_test") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    environment_.out = &out_;
    environment_.err = &err_;
    environment_.clock = &clock_;
    environment_.new_request_id = [] { return "made-up"; };
    environment_.client.pause = [](absl::Duration) {};
    environment_.watch_backoff = {.initial = absl::Milliseconds(1), .max = absl::Milliseconds(1)};
  }

  // Runs a command line against the fake server.
  ExitCode Run(std::vector<std::string> words) {
    words.insert(words.end(), {"--server", server_.address()});
    return RunSpool(words, environment_);
  }

  // The server takes any job, under the id "job", and later says that it is as `job` says.
  void AcceptJobs(const std::string& job) {
    server_.enqueue = [this](const v1::EnqueueRequest& request, v1::EnqueueResponse* response) {
      enqueued_ = request;
      *response = Parse<v1::EnqueueResponse>(
          "job { id: 'job' state: JOB_STATE_QUEUED queue_position: 1 } sequence: 1 resume_token: 'one'");
      return grpc::Status::OK;
    };
    server_.get_job = [job](const v1::GetJobRequest& request, v1::GetJobResponse* response) {
      EXPECT_EQ(request.job_id(), "job");
      *response->mutable_job() = Parse<v1::Job>(job);
      return grpc::Status::OK;
    };
  }

  std::string WriteFile(const std::string& name, const std::string& content) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << content;
    return folder_ + "/" + name;
  }

  const std::string folder_;
  FakeClock clock_;
  std::ostringstream out_;
  std::ostringstream err_;
  Environment environment_;
  client::FakeServer server_;
  v1::EnqueueRequest enqueued_;
};

TEST_F(SpoolTest, MistakesEndWithTwo) {
  const struct {
    std::vector<std::string> words;
    const char* told;
  } cases[] = {
      {{}, "spool: no command\nTry 'spool --help'.\n"},
      {{"resze"}, "spool: unknown command resze\nTry 'spool --help'.\n"},
      {{"--jsn", "list"}, "spool: unknown flag --jsn\nTry 'spool list --help'.\n"},
      {{"get"}, "spool: ID is missing\nTry 'spool get --help'.\n"},
      {{"get", "a", "b"}, "spool: one argument too many: b\nTry 'spool get --help'.\n"},
      {{"stats", "now"}, "spool: one argument too many: now\nTry 'spool stats --help'.\n"},
      {{"resize", "f"}, "spool: --width or --height is missing\nTry 'spool resize --help'.\n"},
      {{"list", "--state", "odd"},
       "spool: --state odd: must be one of scheduled, queued, running, completed, failed, cancelled\n"
       "Try 'spool list --help'.\n"},
      {{"notify"}, "spool: notify: of what?\nTry 'spool notify --help'.\n"},
      {{"notify", "all"}, "spool: unknown command notify all\nTry 'spool --help'.\n"},
      {{"notify", "test"}, "spool: TARGET is missing\nTry 'spool notify test --help'.\n"},
      {{"notify", "redeliver", "x"},
       "spool: DELIVERY x: must be a number from the list\nTry 'spool notify redeliver --help'.\n"},
      {{"watch", "--until-terminal"}, "spool: --until-terminal needs --job\nTry 'spool watch --help'.\n"},
  };
  for (const auto& c : cases) {
    err_.str("");
    EXPECT_EQ(Run(c.words), ExitCode::kUsage);
    EXPECT_EQ(err_.str(), c.told);
  }
  EXPECT_EQ(out_.str(), "");
}

TEST_F(SpoolTest, HelpNamesEveryCommandAndFlag) {
  EXPECT_EQ(Run({"--help"}), ExitCode::kOk);
  EXPECT_THAT(out_.str(), HasSubstr("    download           fetch the output of a completed job\n"));
  EXPECT_THAT(out_.str(), HasSubstr("    notify deliveries  list what was told to whom, newest first\n"));
  out_.str("");
  EXPECT_EQ(Run({"notify", "--help"}), ExitCode::kOk);
  EXPECT_THAT(out_.str(), HasSubstr("    notify redeliver   send a notification again\n"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("    download")));
  out_.str("");
  EXPECT_EQ(Run({"help", "notify", "test"}), ExitCode::kOk);
  EXPECT_THAT(out_.str(), HasSubstr("SYNOPSIS\n    spool notify test TARGET\n"));
  out_.str("");
  EXPECT_EQ(Run({"download", "--help"}), ExitCode::kOk);
  EXPECT_THAT(out_.str(), StartsWith("NAME\n    spool download - fetch the output of a completed job\n\n"
                                     "SYNOPSIS\n    spool download ID [-o PATH] [--name NAME] [--vtt]\n"));
  EXPECT_THAT(out_.str(), HasSubstr("    -o, --output PATH\n"));
  const std::string help = out_.str();
  out_.str("");
  EXPECT_EQ(Run({"help", "download"}), ExitCode::kOk);
  EXPECT_EQ(out_.str(), help);
}

TEST_F(SpoolTest, EveryHelpFitsAPage) {
  for (const Command& command : AllCommands()) {
    out_.str("");
    std::vector<std::string> words = absl::StrSplit(command.name, ' ');
    words.push_back("-h");
    EXPECT_EQ(Run(words), ExitCode::kOk);
    std::istringstream lines(out_.str());
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80) << line;
  }
}

TEST_F(SpoolTest, TheManualPageHasEveryFlagOfEveryCommand) {
  EXPECT_EQ(Run({"--help=man"}), ExitCode::kOk);
  EXPECT_THAT(out_.str(), StartsWith(".TH SPOOL 1 "));
  for (const Command& command : AllCommands()) {
    EXPECT_THAT(out_.str(), HasSubstr("\n.SS spool " + command.name));
    for (const Flag& flag : command.flags) {
      EXPECT_THAT(out_.str(), HasSubstr("\\-\\-" + absl::StrReplaceAll(flag.name, {{"-", "\\-"}}))) << command.name;
    }
  }
  EXPECT_EQ(Run({"list", "--help=html"}), ExitCode::kUsage);
}

TEST_F(SpoolTest, VersionAsksNoServer) {
  const std::vector<std::vector<std::string>> ways = {{"version"}, {"--version"}, {"list", "--version"}};
  for (const std::vector<std::string>& words : ways) {
    out_.str("");
    EXPECT_EQ(RunSpool(words, environment_), ExitCode::kOk);
    EXPECT_EQ(out_.str(), absl::StrCat("spool ", kVersion, "\n"));
  }
}

TEST_F(SpoolTest, TheServerMayComeFromTheEnvironment) {
  server_.pause_queue = [](const v1::PauseQueueRequest&, v1::PauseQueueResponse*) { return grpc::Status::OK; };
  environment_.variable = [this](const char* name) {
    return std::string(name) == "SPOOL_SERVER" ? server_.address() : std::string();
  };
  EXPECT_EQ(RunSpool({"pause"}, environment_), ExitCode::kOk);
  EXPECT_EQ(out_.str(), "queue paused\n");
}

TEST_F(SpoolTest, AServerThatIsNotThereIsNamed) {
  EXPECT_EQ(RunSpool({"stats", "--server", "unix:/nowhere"}, environment_), ExitCode::kFailed);
  EXPECT_THAT(err_.str(), StartsWith("spool: cannot reach unix:/nowhere: "));
}

TEST_F(SpoolTest, ErrorsOfTheServerCarryTheirReasonAndAreEscaped) {
  server_.get_job = [](const v1::GetJobRequest&, v1::GetJobResponse*) {
    return client::StatusWithReason(grpc::StatusCode::NOT_FOUND, "no job \x1b[2J", "JOB_NOT_FOUND");
  };
  EXPECT_EQ(Run({"get", "x"}), ExitCode::kFailed);
  EXPECT_EQ(err_.str(), "spool: no job \\x1b[2J (JOB_NOT_FOUND)\n");
}

TEST_F(SpoolTest, ResizeUploadsALocalFileAndPrintsTheJobsId) {
  AcceptJobs("");
  server_.upload_media = [](const v1::UploadMediaHeader& header, const std::string& bytes,
                            v1::UploadMediaResponse* response) {
    EXPECT_EQ(header.file_name(), "cat.mp4");
    EXPECT_EQ(bytes, "meow");
    response->set_media_id("upload:1");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"resize", WriteFile("cat.mp4", "meow"), "--width", "800"}), ExitCode::kOk);
  EXPECT_EQ(out_.str(), "job\n");
  EXPECT_EQ(err_.str(), "");
  EXPECT_EQ(enqueued_.input(), "upload:1");
  EXPECT_EQ(enqueued_.request_id(), "made-up");
  EXPECT_EQ(enqueued_.resize().width(), 800);
}

TEST_F(SpoolTest, RemoteFilesAndUploadsAreTakenAsTheyAre) {
  AcceptJobs("");
  EXPECT_EQ(Run({"resize", "in/cat.mp4", "--remote", "--width", "800", "--request-id", "mine"}), ExitCode::kOk);
  EXPECT_EQ(enqueued_.input(), "in/cat.mp4");
  EXPECT_EQ(enqueued_.request_id(), "mine");
  EXPECT_EQ(Run({"convert", "upload:7", "--to", "webm", "--json"}), ExitCode::kOk);
  EXPECT_EQ(enqueued_.input(), "upload:7");
  EXPECT_THAT(out_.str(), EndsWith("{\"id\":\"job\",\"state\":\"JOB_STATE_QUEUED\",\"queuePosition\":1}\n"));
}

TEST_F(SpoolTest, AMissingFileIsToldBeforeAnythingIsEnqueued) {
  EXPECT_EQ(Run({"resize", folder_ + "/none.mp4", "--width", "800"}), ExitCode::kFailed);
  EXPECT_EQ(err_.str(), absl::StrCat("spool: open ", folder_, "/none.mp4: No such file or directory\n"));
}

TEST_F(SpoolTest, WaitShowsWhatWasMade) {
  AcceptJobs("id: 'job' state: JOB_STATE_COMPLETED result { width: 800 height: 600 bytes: 5 output: 'job.mp4' }");
  server_.AddStream({{Response(kStarted), Response(kCompleted)}, grpc::Status::OK});
  EXPECT_EQ(Run({"resize", "a", "--remote", "--width", "800", "--wait"}), ExitCode::kOk);
  EXPECT_EQ(out_.str(),
            "✔ completed job\n"
            "   Output: job.mp4\n"
            "   Dimensions: 800x600\n"
            "   Size: 5 B\n"
            "   Run Time: 0.00s\n"
            "   Total Time (queued → completed): 0.00s\n");
  EXPECT_EQ(err_.str(), "");
  const v1::WatchEventsRequest request = server_.watch_requests().at(0);
  EXPECT_EQ(request.resume_token(), "one");
  EXPECT_THAT(request.filter().job_ids(), ElementsAre("job"));
  EXPECT_TRUE(request.until_terminal());
  EXPECT_FALSE(request.include_progress());
}

TEST_F(SpoolTest, WaitFailsWithTheJob) {
  AcceptJobs("id: 'job' state: JOB_STATE_FAILED error { reason: 'INVALID_MEDIA' message: 'not a video' }");
  server_.AddStream({{Response(kStarted), Response(kFailed)}, grpc::Status::OK});
  EXPECT_EQ(Run({"resize", "a", "--remote", "--width", "800", "--wait"}), ExitCode::kFailed);
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(), "✖ failed job\n   Error: not a video\n   Reason: INVALID_MEDIA\n");
}

TEST_F(SpoolTest, WaitOutlivesARestartOfTheServer) {
  AcceptJobs("id: 'job' state: JOB_STATE_COMPLETED");
  const grpc::Status gone(grpc::StatusCode::UNAVAILABLE, "Connection refused");
  server_.AddStream({{Response(kStarted)}, gone});
  server_.AddStream({{}, gone});
  server_.AddStream({{Response(kCompleted)}, grpc::Status::OK});
  EXPECT_EQ(Run({"resize", "a", "--remote", "--width", "800", "--wait", "--json"}), ExitCode::kOk);
  EXPECT_EQ(out_.str(), "{\"id\":\"job\",\"state\":\"JOB_STATE_COMPLETED\"}\n");
  EXPECT_EQ(err_.str(), "spool: connection lost, resuming…\nspool: resumed\n");
  EXPECT_EQ(server_.watch_requests().back().resume_token(), "two");
}

TEST_F(SpoolTest, AnEnqueueIsRepeatedWhileTheServerIsAway) {
  int calls = 0;
  server_.enqueue = [&calls](const v1::EnqueueRequest& request, v1::EnqueueResponse* response) {
    EXPECT_EQ(request.request_id(), "made-up");
    if (++calls < 3) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "Connection refused");
    response->mutable_job()->set_id("job");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"resize", "a", "--remote", "--width", "800"}), ExitCode::kOk);
  EXPECT_EQ(out_.str(), "job\n");
  EXPECT_EQ(err_.str(), "spool: the server is away, trying again…\n");
}

TEST_F(SpoolTest, WaitDrawsABarOnATerminalAndErasesIt) {
  environment_.out_is_terminal = true;
  environment_.variable = [](const char* name) { return std::string(name) == "NO_COLOR" ? "1" : ""; };
  AcceptJobs("id: 'job' state: JOB_STATE_COMPLETED");
  server_.AddStream({{Response(kStarted), Response(kProgress), Response(kCompleted)}, grpc::Status::OK});
  EXPECT_EQ(Run({"resize", "a", "--remote", "--width", "800", "--wait"}), ExitCode::kOk);
  EXPECT_THAT(out_.str(), StartsWith("job  queued at position 1\n"
                                     "\x1b[1A\x1b[Jjob [░░░░░░░░░░░░░░░░░░░░]   0%\n"
                                     "\x1b[1A\x1b[Jjob [██████████░░░░░░░░░░]  50%\n"
                                     "\x1b[1A\x1b[J✔ completed job\n"));
  EXPECT_TRUE(server_.watch_requests().at(0).include_progress());
}

TEST_F(SpoolTest, DownloadOfAWaitedJobFetchesTheResult) {
  AcceptJobs("id: 'job' state: JOB_STATE_COMPLETED");
  server_.AddStream({{Response(kCompleted)}, grpc::Status::OK});
  server_.AddStream({{Response(kStarted), Response(kCompleted)}, grpc::Status::OK});
  server_.download_media = [](const v1::DownloadMediaRequest&, std::vector<v1::DownloadMediaResponse>* chunks) {
    chunks->resize(1);
    (*chunks)[0].set_chunk("small");
    (*chunks)[0].set_total_bytes(5);
    return grpc::Status::OK;
  };
  server_.enqueue = [](const v1::EnqueueRequest&, v1::EnqueueResponse* response) {
    *response = Parse<v1::EnqueueResponse>("job { id: 'job' state: JOB_STATE_COMPLETED } resume_token: 'three'");
    return grpc::Status::OK;
  };
  const std::string path = folder_ + "/small.mp4";
  EXPECT_EQ(Run({"resize", "a", "--remote", "--width", "8", "--download", path}), ExitCode::kOk) << err_.str();
  std::string content;
  std::ifstream(path) >> content;
  EXPECT_EQ(content, "small");
}

TEST_F(SpoolTest, WatchPrintsABlockForEachEvent) {
  server_.AddStream({{Response("opened {} coverage { after: 1 through: 1 resume_token: 'one' }"), Response(kStarted),
                      Response(kCompleted)},
                     grpc::Status::OK});
  EXPECT_EQ(Run({"watch"}), ExitCode::kOk);
  EXPECT_EQ(out_.str(),
            "▶ [JOB STARTED]\n"
            "   Job ID: job\n"
            "   Type: resize\n"
            "   Wait Time: 0.00s\n"
            "\n"
            "✔ [JOB COMPLETED]\n"
            "   Job ID: job\n"
            "   Type: resize\n"
            "   Result: {\"width\":800,\"height\":600}\n"
            "   Duration: 0.00s\n"
            "   Total Time (queued → completed): 0.00s\n"
            "\n");
  EXPECT_EQ(server_.watch_requests().at(0).start_at(), v1::START_AT_LATEST);
  EXPECT_FALSE(server_.watch_requests().at(0).include_progress());
}

TEST_F(SpoolTest, WatchPrintsJsonLines) {
  server_.AddStream({{Response("snapshot_jobs { id: 'job' sequence: 1 }"), Response(kProgress), Response(kCompleted)},
                     grpc::Status::OK});
  EXPECT_EQ(Run({"watch", "--json", "--from", "snapshot"}), ExitCode::kOk);
  EXPECT_EQ(out_.str(),
            "{\"job\":{\"id\":\"job\",\"sequence\":\"1\"}}\n"
            "{\"progress\":{\"jobId\":\"job\",\"progress\":{\"fraction\":0.5,\"basis\":\"PROGRESS_BASIS_TIME\"}}}\n"
            "{\"sequence\":\"3\",\"jobId\":\"job\",\"type\":\"EVENT_TYPE_COMPLETED\",\"state\":\"JOB_STATE_COMPLETED\","
            "\"attempt\":1,\"completed\":{\"jobId\":\"job\",\"type\":\"JOB_TYPE_RESIZE\","
            "\"result\":{\"width\":800,\"height\":600}}}\n");
}

TEST_F(SpoolTest, JsonCarriesNoControlCharacters) {
  v1::WatchEventsResponse response = Response("snapshot_jobs { id: 'job' }");
  response.mutable_snapshot_jobs(0)->set_video_id("a\x1b[2J\n\x7f\xc2\x9b");
  server_.AddStream({{response}, grpc::Status::OK});
  EXPECT_EQ(Run({"watch", "--json"}), ExitCode::kOk);
  EXPECT_EQ(out_.str(), "{\"job\":{\"id\":\"job\",\"videoId\":\"a\\u001b[2J\\n\\u007f\\u009b\"}}\n");
}

TEST_F(SpoolTest, WatchTellsTheServerWhatIsWanted) {
  server_.AddStream({{}, grpc::Status::OK});
  EXPECT_EQ(Run({"watch", "--job", "a", "--job", "b", "--video", "v", "--type", "failed", "--state", "running",
                 "--label", "k=v", "--from", "TOKEN", "--until-terminal"}),
            ExitCode::kOk);
  const v1::WatchEventsRequest request = server_.watch_requests().at(0);
  EXPECT_EQ(request.resume_token(), "TOKEN");
  EXPECT_TRUE(request.until_terminal());
  EXPECT_THAT(request.filter().job_ids(), ElementsAre("a", "b"));
  EXPECT_THAT(request.filter().video_ids(), ElementsAre("v"));
  EXPECT_THAT(request.filter().types(), ElementsAre(v1::EVENT_TYPE_FAILED));
  EXPECT_THAT(request.filter().states(), ElementsAre(v1::JOB_STATE_RUNNING));
  EXPECT_EQ(request.filter().labels().at("k"), "v");
}

TEST_F(SpoolTest, WatchBeginsWhereItIsTold) {
  const struct {
    std::vector<std::string> words;
    const char* start;
  } cases[] = {{{"watch", "--from", "earliest"}, "start_at: START_AT_EARLIEST"},
               {{"watch", "--from", "snapshot"}, "start_at: START_AT_SNAPSHOT"},
               {{"watch", "--from", "17"}, "after_sequence: 17"},
               {{"watch", "--until-terminal", "--job", "a"}, "start_at: START_AT_SNAPSHOT"}};
  for (const auto& c : cases) {
    server_.AddStream({{}, grpc::Status::OK});
    EXPECT_EQ(Run(c.words), ExitCode::kOk);
    v1::WatchEventsRequest start = server_.watch_requests().back();
    start.clear_filter();
    start.clear_until_terminal();
    EXPECT_EQ(start.SerializeAsString(), Parse<v1::WatchEventsRequest>(c.start).SerializeAsString());
  }
}

TEST_F(SpoolTest, WatchUntilTerminalFailsWithTheJob) {
  server_.AddStream({{Response(kFailed)}, grpc::Status::OK});
  EXPECT_EQ(Run({"watch", "--job", "job", "--until-terminal"}), ExitCode::kFailed);
}

TEST_F(SpoolTest, WatchKeepsBarsBelowTheLogOnATerminal) {
  environment_.out_is_terminal = true;
  environment_.variable = [](const char* name) { return std::string(name) == "NO_COLOR" ? "1" : ""; };
  server_.AddStream({{Response("coverage { after: 0 through: 1 resume_token: 'one' }"), Response(kStarted),
                      Response(kProgress), Response(kFailed)},
                     grpc::Status::OK});
  EXPECT_EQ(Run({"watch"}), ExitCode::kOk);
  EXPECT_EQ(out_.str(),
            "▶ [JOB STARTED]\n"
            "   Job ID: job\n"
            "   Type: resize\n"
            "   Wait Time: 0.00s\n"
            "\n"
            "job [██████████░░░░░░░░░░]  50%\n"
            "\x1b[1A\x1b[J"
            "✖ [JOB FAILED]\n"
            "   Job ID: job\n"
            "   Type: resize\n"
            "   Error: not a video\n"
            "   Reason: INVALID_MEDIA\n"
            "   Total Time (queued → failed): 0.00s\n"
            "\n");
}

TEST_F(SpoolTest, ColoursAreForTerminals) {
  server_.AddStream({{Response(kStarted)}, grpc::Status::OK});
  server_.AddStream({{Response(kStarted)}, grpc::Status::OK});
  Run({"watch"});
  EXPECT_THAT(out_.str(), Not(HasSubstr("\x1b[")));
  environment_.out_is_terminal = true;
  Run({"watch"});
  EXPECT_THAT(out_.str(), HasSubstr("\x1b[1;34m▶ [JOB STARTED]\x1b[0m\n"));
}

TEST_F(SpoolTest, WatchOfCompactedEventsSaysSo) {
  server_.AddStream(
      {{}, client::StatusWithReason(grpc::StatusCode::OUT_OF_RANGE, "events up to 9 are gone", "EVENTS_COMPACTED")});
  EXPECT_EQ(Run({"watch", "--from", "2"}), ExitCode::kFailed);
  EXPECT_EQ(err_.str(), "spool: events up to 9 are gone (EVENTS_COMPACTED)\n");
}

TEST_F(SpoolTest, ListFollowsPagesUpToItsLimit) {
  std::vector<v1::ListJobsRequest> requests;
  server_.list_jobs = [&](const v1::ListJobsRequest& request, v1::ListJobsResponse* response) {
    requests.push_back(request);
    response->add_jobs()->set_id(absl::StrCat("job-", requests.size()));
    response->set_next_page_token("more");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"list", "--limit", "2", "--state", "failed", "--type", "resize", "--video", "v", "--label", "a=b",
                 "--json"}),
            ExitCode::kOk);
  EXPECT_EQ(out_.str(), "{\"id\":\"job-1\"}\n{\"id\":\"job-2\"}\n");
  ASSERT_EQ(requests.size(), 2);
  EXPECT_EQ(requests[0].page_size(), 2);
  EXPECT_EQ(requests[1].page_size(), 1);
  EXPECT_EQ(requests[1].page_token(), "more");
  EXPECT_THAT(requests[1].filter().states(), ElementsAre(v1::JOB_STATE_FAILED));
  EXPECT_THAT(requests[1].filter().types(), ElementsAre(v1::JOB_TYPE_RESIZE));
  EXPECT_THAT(requests[1].filter().video_ids(), ElementsAre("v"));
  EXPECT_EQ(requests[1].filter().labels().at("a"), "b");
}

TEST_F(SpoolTest, CancelRetryAndDeleteSayWhatCameOfIt) {
  server_.cancel_job = [](const v1::CancelJobRequest& request, v1::CancelJobResponse* response) {
    response->mutable_job()->set_id(request.job_id());
    response->mutable_job()->set_state(v1::JOB_STATE_RUNNING);
    response->mutable_job()->mutable_cancel_requested_at()->set_seconds(1);
    return grpc::Status::OK;
  };
  server_.retry_job = [](const v1::RetryJobRequest& request, v1::RetryJobResponse* response) {
    response->mutable_job()->set_id(request.job_id());
    response->mutable_job()->set_state(v1::JOB_STATE_QUEUED);
    return grpc::Status::OK;
  };
  server_.delete_job = [](const v1::DeleteJobRequest&, v1::DeleteJobResponse*) { return grpc::Status::OK; };
  EXPECT_EQ(Run({"cancel", "a"}), ExitCode::kOk);
  EXPECT_EQ(Run({"retry", "b"}), ExitCode::kOk);
  EXPECT_EQ(Run({"delete", "c"}), ExitCode::kOk);
  EXPECT_EQ(Run({"delete", "d", "--json"}), ExitCode::kOk);
  EXPECT_EQ(out_.str(), "a: is being cancelled\nb: queued\nc: deleted\n{}\n");
}

TEST_F(SpoolTest, DownloadNeverLeavesTheCurrentFolderByItself) {
  for (const char* output : {"..", "a/..", "", ".bashrc", "a/\x1b[2J"}) {
    server_.get_job = [output](const v1::GetJobRequest&, v1::GetJobResponse* response) {
      response->mutable_job()->set_state(v1::JOB_STATE_COMPLETED);
      response->mutable_job()->mutable_result()->set_output(output);
      return grpc::Status::OK;
    };
    EXPECT_EQ(Run({"download", "job"}), ExitCode::kUsage) << output;
  }
  EXPECT_THAT(err_.str(), HasSubstr("give one with --output"));
}

TEST_F(SpoolTest, DownloadWritesToItsPath) {
  server_.download_media = [](const v1::DownloadMediaRequest&, std::vector<v1::DownloadMediaResponse>* chunks) {
    chunks->resize(1);
    (*chunks)[0].set_chunk("small");
    (*chunks)[0].set_total_bytes(5);
    return grpc::Status::OK;
  };
  const std::string path = folder_ + "/x.mp4";
  EXPECT_EQ(Run({"download", "job", "-o", path}), ExitCode::kOk);
  EXPECT_EQ(Run({"download", "job", "-o", path, "--json"}), ExitCode::kOk);
  EXPECT_EQ(out_.str(), absl::StrCat(path, "\n{\"path\":\"", path, "\",\"bytes\":\"5\"}\n"));
}

TEST_F(SpoolTest, DownloadAsksForTheOutputThatIsNamed) {
  server_.get_job = [](const v1::GetJobRequest&, v1::GetJobResponse* response) {
    *response->mutable_job() = Parse<v1::Job>(
        "state: JOB_STATE_COMPLETED result { output: 'a' outputs { name: 'sheet' result { output: 's.jpg' vtt: '..' } "
        "} }");
    return grpc::Status::OK;
  };
  v1::DownloadMediaRequest asked;
  server_.download_media = [&](const v1::DownloadMediaRequest& request,
                               std::vector<v1::DownloadMediaResponse>* chunks) {
    asked = request;
    chunks->resize(1);
    (*chunks)[0].set_chunk("x");
    (*chunks)[0].set_total_bytes(1);
    return grpc::Status::OK;
  };
  const std::string path = folder_ + "/x.vtt";
  EXPECT_EQ(Run({"download", "job", "--name", "sheet", "--vtt", "-o", path}), ExitCode::kOk) << err_.str();
  EXPECT_EQ(asked.output_name(), "sheet");
  EXPECT_TRUE(asked.vtt());
  EXPECT_EQ(Run({"download", "job", "--name", "sheet", "--vtt"}), ExitCode::kUsage);
  EXPECT_EQ(Run({"download", "job", "--name", "none"}), ExitCode::kFailed);
  EXPECT_THAT(err_.str(), EndsWith("spool: job job has made no such file\n"));
}

TEST_F(SpoolTest, RunEnqueuesAPreset) {
  AcceptJobs("");
  EXPECT_EQ(Run({"run", "a", "--remote", "--preset", "web-720p"}), ExitCode::kOk);
  EXPECT_EQ(enqueued_.preset(), "web-720p");
  EXPECT_EQ(Run({"thumbnail", "a", "--remote", "--at", "3s"}), ExitCode::kOk);
  EXPECT_EQ(enqueued_.thumbnail().at().seconds(), 3);
  EXPECT_EQ(Run({"sprite", "a", "--remote"}), ExitCode::kOk);
  EXPECT_TRUE(enqueued_.has_sprite_sheet());
  EXPECT_EQ(Run({"preview", "a", "--remote"}), ExitCode::kOk);
  EXPECT_TRUE(enqueued_.has_preview());
}

TEST_F(SpoolTest, PlanShowsWhatWouldBeDone) {
  server_.plan_job = [](const v1::PlanJobRequest& request, v1::PlanJobResponse* response) {
    EXPECT_EQ(request.job().input(), "in/cat.mkv");
    EXPECT_EQ(request.job().convert().container(), v1::CONTAINER_MP4);
    *response->mutable_plan() = Parse<v1::Plan>(R"pb(outputs {
                                                       container: CONTAINER_MP4
                                                       streams {
                                                         outcome {
                                                           kind: "video"
                                                           input_codec: "h264"
                                                           output_codec: "h264"
                                                           action: STREAM_ACTION_COPIED
                                                           reason: "mp4 holds it"
                                                         }
                                                       }
                                                     })pb");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"plan", "in/cat.mkv", "--remote", "--to", "mp4"}), ExitCode::kOk) << err_.str();
  EXPECT_EQ(out_.str(),
            "in/cat.mkv\n"
            "   Format: mp4\n"
            "   STREAM  KIND   FROM  ACTION  TO    HOW  WHY\n"
            "   0       video  h264  copy    h264       mp4 holds it\n");
  out_.str("");
  EXPECT_EQ(Run({"plan", "in/cat.mkv", "--remote", "--to", "mp4", "--json"}), ExitCode::kOk);
  EXPECT_THAT(out_.str(), StartsWith("{\"plan\":{\"outputs\":[{\"container\":\"CONTAINER_MP4\""));
  EXPECT_EQ(Run({"plan", "in/cat.mkv", "--remote"}), ExitCode::kUsage);
}

TEST_F(SpoolTest, PresetsAreListed) {
  server_.list_presets = [](const v1::ListPresetsRequest&, v1::ListPresetsResponse* response) {
    *response = Parse<v1::ListPresetsResponse>("presets { name: 'poster' version: 1 description: 'A JPEG' }");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"presets"}), ExitCode::kOk);
  EXPECT_EQ(out_.str(), "PRESET  VERSION  WHAT IT MAKES\nposter  1        A JPEG\n");
  out_.str("");
  EXPECT_EQ(Run({"presets", "--json"}), ExitCode::kOk);
  EXPECT_EQ(out_.str(), "{\"name\":\"poster\",\"version\":1,\"description\":\"A JPEG\"}\n");
}

TEST_F(SpoolTest, NotificationTargetsAreListedAndTested) {
  server_.list_targets = [](const v1::ListTargetsRequest&, v1::ListTargetsResponse* response) {
    response->add_targets()->set_name("ops");
    response->add_targets()->set_name("mail");
    return grpc::Status::OK;
  };
  server_.send_test = [](const v1::SendTestRequest& request, v1::SendTestResponse* response) {
    response->set_delivered(request.target() == "ops");
    response->set_response_code(response->delivered() ? 204 : 503);
    if (!response->delivered()) response->set_error("HTTP 503");
    response->mutable_duration()->set_nanos(20000000);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"notify", "targets", "--json"}), ExitCode::kOk);
  EXPECT_EQ(out_.str(), "{\"name\":\"ops\"}\n{\"name\":\"mail\"}\n");
  out_.str("");
  EXPECT_EQ(Run({"notify", "test", "ops"}), ExitCode::kOk);
  EXPECT_EQ(Run({"notify", "test", "mail"}), ExitCode::kFailed);
  EXPECT_EQ(out_.str(), "ops: delivered, 204 in 0.02s\nmail: failed: HTTP 503, after 0.02s\n");
  out_.str("");
  EXPECT_EQ(Run({"completion", "targets"}), ExitCode::kOk);
  EXPECT_EQ(out_.str(), "ops\nmail\n");
}

TEST_F(SpoolTest, DeliveriesAreListedByPageAndMadeAgain) {
  std::vector<v1::ListDeliveriesRequest> requests;
  server_.list_deliveries = [&](const v1::ListDeliveriesRequest& request, v1::ListDeliveriesResponse* response) {
    requests.push_back(request);
    response->add_deliveries()->set_id(10 - static_cast<int64_t>(requests.size()));
    response->set_next_page_token("more");
    return grpc::Status::OK;
  };
  server_.redeliver = [](const v1::RedeliverRequest& request, v1::RedeliverResponse* response) {
    response->mutable_delivery()->set_id(request.delivery_id());
    response->mutable_delivery()->set_target("ops");
    return grpc::Status::OK;
  };
  EXPECT_EQ(
      Run({"notify", "deliveries", "--target", "ops", "--state", "failed", "--job", "j", "--limit", "2", "--json"}),
      ExitCode::kOk);
  EXPECT_EQ(out_.str(), "{\"id\":\"9\"}\n{\"id\":\"8\"}\n");
  ASSERT_EQ(requests.size(), 2);
  EXPECT_EQ(requests[0].page_size(), 2);
  EXPECT_EQ(requests[1].page_size(), 1);
  EXPECT_EQ(requests[1].page_token(), "more");
  EXPECT_EQ(requests[1].filter().target(), "ops");
  EXPECT_EQ(requests[1].filter().job_id(), "j");
  EXPECT_THAT(requests[1].filter().states(), ElementsAre(v1::DELIVERY_STATE_FAILED));
  out_.str("");
  EXPECT_EQ(Run({"notify", "redeliver", "9"}), ExitCode::kOk);
  EXPECT_EQ(out_.str(), "9: is sent to ops again\n");
}

TEST_F(SpoolTest, ProbeDescribesTheStreams) {
  server_.probe_media = [](const v1::ProbeMediaRequest& request, v1::ProbeMediaResponse* response) {
    EXPECT_EQ(request.input(), "in/cat.mp4");
    *response->mutable_media() = Parse<v1::MediaInfo>(R"pb(
      format: "mov,mp4"
      duration { seconds: 12 nanos: 500000000 }
      bytes: 1234567
      bitrate_bps: 790000
      streams {
        kind: "video"
        codec: "h264"
        profile: "High"
        width: 640
        height: 360
        frame_rate: 29.97
        format: "yuv420p"
        rotation: 90
      }
      streams { index: 1 kind: "audio" codec: "aac" sample_rate: 48000 channel_layout: "stereo" language: "eng" })pb");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"probe", "--remote", "in/cat.mp4"}), ExitCode::kOk);
  EXPECT_EQ(out_.str(),
            "in/cat.mp4\n"
            "   Format: mov,mp4\n"
            "   Duration: 12.50s\n"
            "   Size: 1.2 MB\n"
            "   Bitrate: 790 kb/s\n"
            "   Stream 0: video h264 (High), 640x360, rotated 90°, 29.97 fps, yuv420p\n"
            "   Stream 1: audio aac, 48000 Hz, stereo, eng\n");
}

TEST_F(SpoolTest, StatsShowsCountsTotalsAndMeans) {
  server_.get_queue_stats = [](const v1::GetQueueStatsRequest&, v1::GetQueueStatsResponse* response) {
    *response = Parse<v1::GetQueueStatsResponse>(R"pb(
      jobs { queued: 2 running: 1 completed: 7 failed: 1 }
      totals { enqueued: 11 started: 10 completed: 7 failed: 1 cancelled: 0 retried: 1 }
      mean_duration { seconds: 3 }
      success_rate: 0.875
      paused: true
      slots: 4
      head_sequence: 99
      earliest_sequence: 1
      watchers: 3)pb");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"stats"}), ExitCode::kOk);
  EXPECT_EQ(out_.str(),
            "Jobs stored\n"
            "   Scheduled: 0\n"
            "   Queued: 2\n"
            "   Running: 1 of 4, queue paused\n"
            "   Completed: 7\n"
            "   Failed: 1\n"
            "   Cancelled: 0\n"
            "All time\n"
            "   Enqueued: 11\n"
            "   Attempts Started: 10\n"
            "   Completed: 7\n"
            "   Failed: 1\n"
            "   Cancelled: 0\n"
            "   Attempts Retried: 1\n"
            "   Success Rate: 87.5%\n"
            "   Mean Duration: 3.00s\n"
            "Event feed\n"
            "   Latest Sequence: 99\n"
            "   Earliest Sequence: 1\n"
            "   Watchers: 3\n");
}

}  // namespace
}  // namespace spool::cli
