#include "server/auth/caller.h"

#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/auth/gatekeeper.h"
#include "server/auth/token_line.h"
#include "server/base/errors.h"
#include "server/base/fake_clock.h"
#include "server/base/status_matchers.h"

namespace spool::auth {
namespace {

class CallerTest : public ::testing::Test {
 protected:
  // A caller whose token's line has these fields besides.
  Caller With(const std::string& fields) {
    const std::string path = absl::StrCat(::testing::TempDir(), "/caller_test_tokens");
    std::ofstream(path) << "{\"name\":\"a\",\"sha256\":\"" << HexDigestOf("one") << "\"," << fields << "}\n";
    chmod(path.c_str(), 0600);
    auto gate = Gatekeeper::Open(path, &clock_);
    EXPECT_OK(gate);
    auto caller = (*gate)->Identify("Bearer one");
    EXPECT_OK(caller);
    return *caller;
  }
  static v1::Job Job(const std::string& video, const std::string& team) {
    v1::Job job;
    job.set_video_id(video);
    if (!team.empty()) (*job.mutable_labels())["team"] = team;
    return job;
  }

  FakeClock clock_;
};

TEST_F(CallerTest, AScopeIsChecked) {
  const Caller writer = With("\"scope\":\"write\"");
  EXPECT_OK(writer.Check(MethodNamed("spool.v1.JobService.GetJob")));
  EXPECT_OK(writer.Check(MethodNamed("spool.v1.JobService.Enqueue")));
  const absl::Status refused = writer.Check(MethodNamed("spool.v1.QueueService.PauseQueue"));
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kPermissionDenied, "PauseQueue needs a token with scope admin"));
  EXPECT_EQ(ErrorInfoOf(refused).reason(), "SCOPE_TOO_SMALL");
  EXPECT_EQ(ErrorInfoOf(refused).metadata().at("requiredScope"), "admin");
  EXPECT_OK(Caller::Everything().Check(MethodNamed("spool.v1.QueueService.PauseQueue")));
}

TEST_F(CallerTest, WhereItCallsFromGoesWithIt) {
  EXPECT_EQ(Caller::Everything().From("ipv4:127.0.0.1:1").peer(), "ipv4:127.0.0.1:1");
  EXPECT_EQ(Caller::Everything().peer(), "");
}

TEST_F(CallerTest, ALimitHidesOtherJobs) {
  const Caller all = With("\"scope\":\"write\"");
  EXPECT_FALSE(all.limited());
  EXPECT_TRUE(all.MaySee(Job("x", "")));

  const Caller by_label = With("\"scope\":\"write\",\"labels\":{\"team\":\"red\"}");
  EXPECT_TRUE(by_label.limited());
  EXPECT_TRUE(by_label.MaySee(Job("x", "red")));
  EXPECT_FALSE(by_label.MaySee(Job("x", "blue")));
  EXPECT_FALSE(by_label.MaySee(Job("x", "")));

  const Caller by_both = With("\"scope\":\"write\",\"labels\":{\"team\":\"red\"},\"videoIds\":[\"x\",\"y\"]");
  EXPECT_TRUE(by_both.MaySee(Job("y", "red")));
  EXPECT_FALSE(by_both.MaySee(Job("z", "red")));
  EXPECT_FALSE(by_both.MaySee(Job("y", "blue")));
}

TEST_F(CallerTest, ALimitNamesTheFilesItMay) {
  EXPECT_TRUE(With("\"scope\":\"write\"").MayName("any/thing"));
  EXPECT_FALSE(With("\"scope\":\"write\",\"videoIds\":[\"x\"]").MayName("any"));
  const Caller caller = With("\"scope\":\"write\",\"videoIds\":[\"x\"],\"folders\":[\"red\",\"shared/in\"]");
  EXPECT_TRUE(caller.MayName("red/a.mp4"));
  EXPECT_TRUE(caller.MayName("shared/in/deep/a.mp4"));
  for (const char* foreign : {"", "red", "red2/a.mp4", "shared/a.mp4", "a/red/b.mp4", "shared/input/a"}) {
    EXPECT_FALSE(caller.MayName(foreign)) << foreign;
  }
}

// Whether a job passes a filter, as the feed and the store have it.
template <typename Filter>
bool Passes(const Filter& filter, const v1::Job& job) {
  bool video = filter.video_ids().empty();
  for (const std::string& id : filter.video_ids()) video = video || id == job.video_id();
  for (const auto& [key, value] : filter.labels()) {
    const auto found = job.labels().find(key);
    if (found == job.labels().end() || found->second != value) return false;
  }
  return video;
}

template <typename Filter>
void CheckNarrowing(const Caller& caller, bool (*passes)(const Filter&, const v1::Job&)) {
  // Every filter over two videos and two teams, or none; every job.
  for (const std::vector<std::string>& videos : std::vector<std::vector<std::string>>{{}, {"x"}, {"z"}, {"x", "z"}}) {
    for (const char* team : {"", "red", "blue"}) {
      Filter wanted;
      for (const std::string& video : videos) wanted.add_video_ids(video);
      if (*team != '\0') (*wanted.mutable_labels())["team"] = team;
      Filter narrowed = wanted;
      caller.Narrow(&narrowed);
      for (const char* video : {"", "x", "y", "z"}) {
        for (const char* of : {"", "red", "blue"}) {
          v1::Job job;
          job.set_video_id(video);
          if (*of != '\0') (*job.mutable_labels())["team"] = of;
          EXPECT_EQ(passes(narrowed, job), passes(wanted, job) && caller.MaySee(job))
              << wanted.ShortDebugString() << " became " << narrowed.ShortDebugString() << " for "
              << job.ShortDebugString();
        }
      }
    }
  }
}

TEST_F(CallerTest, AFilterIsNarrowedToExactlyTheLimit) {
  for (const char* limit : {"", ",\"labels\":{\"team\":\"red\"}", ",\"videoIds\":[\"x\",\"y\"]",
                            ",\"labels\":{\"team\":\"red\"},\"videoIds\":[\"x\"]"}) {
    const Caller caller = With(absl::StrCat("\"scope\":\"read\"", limit));
    CheckNarrowing<v1::EventFilter>(caller, Passes<v1::EventFilter>);
    CheckNarrowing<v1::JobFilter>(caller, Passes<v1::JobFilter>);
  }
}

TEST_F(CallerTest, AFilterWithAsManyLabelsAsAJobCanHaveStaysOne) {
  const Caller caller = With("\"scope\":\"read\",\"labels\":{\"team\":\"red\"}");
  v1::EventFilter filter;
  for (int i = 0; i < 32; ++i) (*filter.mutable_labels())[absl::StrCat("l", i)] = "v";
  caller.Narrow(&filter);
  EXPECT_LE(filter.labels().size(), 32);
  EXPECT_FALSE(Passes(filter, Job("x", "red")));
}

}  // namespace
}  // namespace spool::auth
