// The completion script, run by a real bash.

#include "client/cli/completion.h"

#include <stdlib.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "client/cli/commands.h"
#include "client/cpp/fake_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace spool::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

std::string Quoted(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

class Completion : public ::testing::Test {
 protected:
  Completion() : script_(absl::StrCat(::testing::TempDir(), "/spool.bash")) {
    std::ofstream(script_) << BashCompletion(AllCommands(), GlobalFlags());
  }

  // What bash offers for the last of `words`, the first of which is the program. They are parted as readline does it.
  std::vector<std::string> Offers(const std::vector<std::string>& words) {
    std::vector<std::string> quoted;
    for (const std::string& word : words) quoted.push_back(Quoted(word));
    const std::string code =
        absl::StrCat("set -u; source ", Quoted(script_), "; COMP_WORDS=(", absl::StrJoin(quoted, " "),
                     "); COMP_CWORD=", words.size() - 1, "; COMP_WORDBREAKS=$' \\t\\n\"\\'><=;|&(:'; cd ",
                     Quoted(::testing::TempDir()),
                     "; $(complete -p spool | sed 's/.*-F \\([^ ]*\\) .*/\\1/'); printf '%s\\n' "
                     "${COMPREPLY[@]+\"${COMPREPLY[@]}\"}");
    const std::string out = absl::StrCat(::testing::TempDir(), "/offers");
    const std::string command = absl::StrCat("bash --norc -c ", Quoted(code), " >", Quoted(out), " 2>&1");
    EXPECT_EQ(system(command.c_str()), 0);
    std::ifstream file(out);
    std::stringstream text;
    text << file.rdbuf();
    return absl::StrSplit(text.str(), '\n', absl::SkipEmpty());
  }

  const std::string script_;
};

TEST_F(Completion, KnowsEveryCommandAndFlag) {
  std::vector<std::string> names;
  for (const Command& command : AllCommands()) {
    std::vector<std::string> words = absl::StrSplit(command.name, ' ');
    if (names.empty() || names.back() != words[0]) names.push_back(words[0]);
    std::vector<std::string> flags;
    for (const Flag& flag : command.flags) flags.push_back(absl::StrCat("--", flag.name));
    for (const Flag& flag : GlobalFlags()) flags.push_back(absl::StrCat("--", flag.name));
    words.insert(words.begin(), "spool");
    words.push_back("--");
    EXPECT_THAT(Offers(words), ElementsAreArray(flags)) << command.name;
  }
  names.push_back("help");
  EXPECT_THAT(Offers({"spool", ""}), ElementsAreArray(names));
  names.pop_back();
  EXPECT_THAT(Offers({"spool", "help", ""}), ElementsAreArray(names));
  EXPECT_THAT(Offers({"spool", "res"}), UnorderedElementsAre("resize", "resume"));
  EXPECT_THAT(Offers({"spool", "--s"}), ElementsAre("--server"));
  EXPECT_THAT(Offers({"spool", "notify", ""}), ElementsAre("targets", "deliveries", "test", "redeliver"));
  EXPECT_THAT(Offers({"spool", "notify", "--s"}), ElementsAre("--server"));
  EXPECT_THAT(Offers({"spool", "notify", "deliveries", "--state", "p"}), ElementsAre("pending"));
}

TEST_F(Completion, KnowsValues) {
  EXPECT_THAT(Offers({"spool", "list", "--state", ""}),
              ElementsAre("scheduled", "queued", "running", "completed", "failed", "cancelled"));
  EXPECT_THAT(Offers({"spool", "list", "--state", "=", "c"}), ElementsAre("completed", "cancelled"));
  EXPECT_THAT(Offers({"spool", "list", "--state", "="}), Contains("running"));
  EXPECT_THAT(Offers({"spool", "list", "--json", "--type", "res"}), ElementsAre("resize"));
  EXPECT_THAT(Offers({"spool", "watch", "--type", "prog"}), IsEmpty());
  EXPECT_THAT(Offers({"spool", "watch", "--from", ""}), ElementsAre("latest", "earliest", "snapshot"));
  EXPECT_THAT(Offers({"spool", "resize", "--fit", ""}), IsSupersetOf({"pad", "contain", "cover", "stretch"}));
  EXPECT_THAT(Offers({"spool", "thumbnail", "--container", ""}), ElementsAre("jpeg", "png", "webp"));
  EXPECT_THAT(Offers({"spool", "completion", "b"}), ElementsAre("bash"));
  // A value that anything can be.
  EXPECT_THAT(Offers({"spool", "list", "--limit", ""}), IsEmpty());
  // A switch, and a flag whose value is optional, take no word.
  EXPECT_THAT(Offers({"spool", "list", "--json", "--"}), Contains("--state"));
  EXPECT_THAT(Offers({"spool", "convert", "--loudness", "--"}), Contains("--to"));
  // A value before the command is not the command, also not one with a colon.
  EXPECT_THAT(Offers({"spool", "--server", "127.0.0.1", ":", "1", "list", "--state", "q"}), ElementsAre("queued"));
}

TEST_F(Completion, KnowsFiles) {
  std::ofstream(::testing::TempDir() + "/cat on mat.mp4") << "x";
  EXPECT_THAT(Offers({"spool", "resize", "cat"}), ElementsAre("cat on mat.mp4"));
  EXPECT_THAT(Offers({"spool", "resize", "--width", "80", "cat"}), ElementsAre("cat on mat.mp4"));
  EXPECT_THAT(Offers({"spool", "download", "id", "-o", "cat"}), ElementsAre("cat on mat.mp4"));
  EXPECT_THAT(Offers({"spool", "resize", "--", "--width"}), IsEmpty());
  // One file is all that a resize takes.
  EXPECT_THAT(Offers({"spool", "resize", "a.mp4", "cat"}), IsEmpty());
}

TEST_F(Completion, AsksTheServerForNames) {
  client::FakeServer server;
  server.list_jobs = [](const v1::ListJobsRequest&, v1::ListJobsResponse* response) {
    for (const char* id : {"resize-cat-1", "resize-dog-2", "a:b", "a:c", "$(touch evil)", "resize-'x"}) {
      response->add_jobs()->set_id(id);
    }
    return grpc::Status::OK;
  };
  server.list_presets = [](const v1::ListPresetsRequest&, v1::ListPresetsResponse* response) {
    response->add_presets()->set_name("web-720p@1");
    return grpc::Status::OK;
  };
  server.list_targets = [](const v1::ListTargetsRequest&, v1::ListTargetsResponse* response) {
    response->add_targets()->set_name("ops");
    return grpc::Status::OK;
  };
  const std::string spool = absl::StrCat(getenv("TEST_SRCDIR"), "/", getenv("TEST_WORKSPACE"), "/client/cli/spool");
  const std::vector<std::string> begin = {spool, "--server", "=", server.address()};
  const auto offers = [&](std::vector<std::string> words) {
    words.insert(words.begin(), begin.begin(), begin.end());
    return Offers(words);
  };
  EXPECT_THAT(offers({"get", ""}), ElementsAre("resize-cat-1", "resize-dog-2", "a:b", "a:c"));
  EXPECT_THAT(offers({"watch", "--job", "resize-d"}), ElementsAre("resize-dog-2"));
  // Readline replaces only what follows the colon.
  EXPECT_THAT(offers({"cancel", "a", ":", "b"}), ElementsAre("b"));
  EXPECT_THAT(offers({"run", "cat.mp4", "--preset", "web"}), ElementsAre("web-720p@1"));
  EXPECT_THAT(offers({"plan", "cat.mp4", "--run", ""}), ElementsAre("web-720p@1"));
  EXPECT_THAT(offers({"notify", "test", ""}), ElementsAre("ops"));
  EXPECT_THAT(offers({"notify", "deliveries", "--target", "o"}), ElementsAre("ops"));
  // Ids that name videos, or are yet to be, are no jobs' ids.
  EXPECT_THAT(offers({"resize", "--job-id", ""}), IsEmpty());
  // A server that is away is silent.
  EXPECT_THAT(Offers({spool, "get", "--server", "unix:/nowhere", ""}), IsEmpty());
}

}  // namespace
}  // namespace spool::cli
