// A client that is not ours and has none of our files: buf curl learns the API by reflection and speaks gRPC.

#include <map>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "google/rpc/error_details.pb.h"
#include "tests/support/program.h"
#include "tests/support/spoold_test.h"

namespace spool::testing {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;
using ::testing::UnorderedElementsAre;

// The values of one JSON text after another.
std::vector<Struct> ParseAll(const std::string& text) {
  std::vector<Struct> values;
  int depth = 0;
  bool quoted = false;
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{') {
      if (depth++ == 0) begin = i;
    } else if (c == '}' && --depth == 0) {
      values.emplace_back();
      EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(text.substr(begin, i + 1 - begin), &values.back()).ok());
    }
  }
  return values;
}

std::vector<std::string> KeysOf(const Struct& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.fields()) keys.push_back(key);
  return keys;
}

const Struct& Object(const Struct& in, const std::string& key) { return in.fields().at(key).struct_value(); }
std::string Text(const Struct& in, const std::string& key) { return in.fields().at(key).string_value(); }

class BufCurlTest : public SpooldTest {
 protected:
  void SetUp() override {
    AddVideo("clip.mp4");
    AddStill("still.png", 8, 8);
    StartServer();
  }

  // What a call printed.
  Exit Call(const std::string& method, const std::string& request) {
    const auto exit = RunProgram({Runfile("../tools/buf"), "curl", "--protocol", "grpc", "--http2-prior-knowledge",
                                  "-d", request, absl::StrCat("http://", server().address(), "/spool.v1.", method)},
                                 {absl::StrCat("HOME=", ::testing::TempDir())});
    EXPECT_OK(exit);
    return *exit;
  }

  Struct Answer(const std::string& method, const std::string& request) {
    const Exit exit = Call(method, request);
    EXPECT_EQ(exit.code, 0) << exit.error;
    const std::vector<Struct> answers = ParseAll(exit.out);
    EXPECT_EQ(answers.size(), 1) << exit.out;
    return answers.empty() ? Struct() : answers[0];
  }

  // The payloads of all events of one finished job, by event type.
  std::map<std::string, Struct> History(const std::string& id) {
    const Exit exit = Call("JobService/WatchEvents", absl::StrCat(R"({"afterSequence":"0","untilTerminal":true,)",
                                                                  R"("filter":{"jobIds":[")", id, R"("]}})"));
    EXPECT_EQ(exit.code, 0) << exit.error;
    std::map<std::string, Struct> history;
    for (const Struct& response : ParseAll(exit.out)) {
      EXPECT_TRUE(response.fields().contains("coverage"));
      if (!response.fields().contains("events")) continue;
      for (const Value& event : response.fields().at("events").list_value().values()) {
        for (const char* payload : {"queued", "started", "completed", "failed"}) {
          if (event.struct_value().fields().contains(payload)) history[payload] = Object(event.struct_value(), payload);
        }
      }
    }
    return history;
  }
};

TEST_F(BufCurlTest, EventsHaveTheFieldsOfTheFirstDesign) {
  const Struct enqueued = Answer("JobService/Enqueue", R"({"videoId":"v1","input":"clip.mp4","resize":{"width":64}})");
  EXPECT_EQ(Text(enqueued, "outcome"), "ENQUEUE_OUTCOME_CREATED");
  const std::string id = Text(Object(enqueued, "job"), "id");
  const std::map<std::string, Struct> history = History(id);
  ASSERT_EQ(history.size(), 3);

  EXPECT_THAT(KeysOf(history.at("queued")),
              UnorderedElementsAre("jobId", "type", "videoId", "queuePosition", "queuedAt", "reason"));
  EXPECT_EQ(Text(history.at("queued"), "jobId"), id);
  EXPECT_EQ(Text(history.at("queued"), "type"), "JOB_TYPE_RESIZE");
  EXPECT_EQ(Text(history.at("queued"), "videoId"), "v1");
  EXPECT_EQ(history.at("queued").fields().at("queuePosition").number_value(), 1);
  for (const char* field : {"jobId", "type", "videoId", "queuedAt", "startedAt"}) {
    EXPECT_TRUE(history.at("started").fields().contains(field)) << field;
  }
  const Struct& completed = history.at("completed");
  for (const char* field : {"jobId", "type", "videoId", "queuedAt", "startedAt", "completedAt", "duration"}) {
    EXPECT_TRUE(completed.fields().contains(field)) << field;
  }
  EXPECT_EQ(Object(completed, "result").fields().at("width").number_value(), 64);
  EXPECT_EQ(Object(completed, "result").fields().at("height").number_value(), 36);

  const Struct job = Object(Answer("JobService/GetJob", absl::StrCat(R"({"jobId":")", id, R"("})")), "job");
  EXPECT_EQ(Text(job, "state"), "JOB_STATE_COMPLETED");
}

TEST_F(BufCurlTest, AFailureTellsItsErrorAndItsTimes) {
  const Struct enqueued = Answer("JobService/Enqueue", R"({"videoId":"v2","input":"none.mp4","resize":{"width":64}})");
  const std::map<std::string, Struct> history = History(Text(Object(enqueued, "job"), "id"));
  ASSERT_EQ(history.count("failed"), 1);
  const Struct& failed = history.at("failed");
  for (const char* field : {"jobId", "type", "videoId", "queuedAt", "startedAt", "failedAt", "error"}) {
    EXPECT_TRUE(failed.fields().contains(field)) << field;
  }
  EXPECT_EQ(Text(Object(failed, "error"), "reason"), "INPUT_NOT_FOUND");
}

TEST_F(BufCurlTest, AnErrorSaysWhyInItsDetails) {
  const Exit exit = Call("JobService/GetJob", R"({"jobId":"nobody"})");
  EXPECT_NE(exit.code, 0);
  const std::vector<Struct> answers = ParseAll(exit.error);
  ASSERT_EQ(answers.size(), 1) << exit.error;
  EXPECT_EQ(Text(answers[0], "code"), "not_found");
  std::map<std::string, std::string> details;
  for (const Value& detail : answers[0].fields().at("details").list_value().values()) {
    std::string bytes;
    // buf leaves out the padding.
    ASSERT_TRUE(absl::WebSafeBase64Unescape(Text(detail.struct_value(), "value"), &bytes) ||
                absl::Base64Unescape(Text(detail.struct_value(), "value"), &bytes));
    details[Text(detail.struct_value(), "type")] = bytes;
  }
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(info.ParseFromString(details["google.rpc.ErrorInfo"]));
  EXPECT_EQ(info.reason(), "JOB_NOT_FOUND");
  EXPECT_EQ(info.domain(), "spool");
}

}  // namespace
}  // namespace spool::testing
