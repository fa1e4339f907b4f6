// ENABLED -> DENIED for every RPC that the server has: who may call it can, and everybody else is refused in the right
// words. The RPCs come from the server's own reflection, so a new one is tested without a word here, or fails here.

#include <functional>
#include <map>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "spool/v1/job_service.pb.h"
#include "spool/v1/media_service.pb.h"
#include "spool/v1/queue_service.pb.h"
#include "tests/access/access_test_base.h"
#include "tests/access/methods.h"

namespace spool::testing {
namespace {

class EveryCallTest : public AccessTest {
 protected:
  void SetUp() override {
    AddUsualTokens();
    ASSERT_OK(Start());
    absl::StatusOr<std::vector<Method>> methods = MethodsOf(ChannelAs("admin"));
    ASSERT_OK(methods);
    methods_ = *std::move(methods);
    ASSERT_OK(As("admin").PauseQueue());
  }

  static Headers Bearer(const std::string& token) { return {{"authorization", "Bearer " + token}}; }

  // Over one connection without a token of its own.
  absl::StatusOr<std::string> Call(const Method& method, const Headers& headers, const std::string& request = "") {
    return CallRaw(plain_ == nullptr ? plain_ = ChannelAs("") : plain_, method.path, request, headers);
  }

  std::vector<Method> methods_;
  std::shared_ptr<grpc::Channel> plain_;
};

bool IsRefusal(const absl::Status& status) {
  return absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status);
}

std::string NameOf(v1::AccessScope scope) {
  switch (scope) {
    case v1::ACCESS_SCOPE_READ:
      return "read";
    case v1::ACCESS_SCOPE_WRITE:
      return "write";
    default:
      return "admin";
  }
}

TEST_F(EveryCallTest, AllOfThemAreHere) {
  std::set<std::string> paths;
  for (const Method& method : methods_) {
    paths.insert(method.path);
    EXPECT_NE(method.scope, v1::ACCESS_SCOPE_UNSPECIFIED) << method.path << " says nothing of who may call it";
  }
  // 11 + 3 + 3 of ours, 2 of health, 2 of reflection.
  EXPECT_GE(paths.size(), 21);
  for (const char* path :
       {"/spool.v1.JobService/WatchEvents", "/spool.v1.QueueService/PauseQueue", "/spool.v1.MediaService/UploadMedia",
        "/grpc.health.v1.Health/Watch", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"}) {
    EXPECT_EQ(paths.count(path), 1) << path;
  }
}

TEST_F(EveryCallTest, WhoMayCallItCan) {
  for (const Method& method : methods_) {
    if (method.scope == v1::ACCESS_SCOPE_PUBLIC) {
      EXPECT_FALSE(IsRefusal(Call(method, {}).status())) << method.path;
      continue;
    }
    for (const char* holder : {"read", "write", "admin"}) {
      if (holder == std::string("read") && NameOf(method.scope) != "read") continue;
      if (holder == std::string("write") && NameOf(method.scope) == "admin") continue;
      const auto answer = Call(method, Bearer(token(holder)));
      EXPECT_FALSE(IsRefusal(answer.status())) << method.path << " as " << holder << ": " << answer.status();
      EXPECT_FALSE(absl::IsUnavailable(answer.status())) << method.path << ": " << answer.status();
    }
  }
}

TEST_F(EveryCallTest, NobodyElseCan) {
  for (const Method& method : methods_) {
    if (method.scope == v1::ACCESS_SCOPE_PUBLIC) continue;
    const auto denied = [&](const Headers& headers) { return Call(method, headers); };
    constexpr auto kUnauthenticated = absl::StatusCode::kUnauthenticated;
    EXPECT_THAT(denied({}), Refused(kUnauthenticated, "TOKEN_MISSING")) << method.path;
    EXPECT_THAT(denied({{"authorization", token("admin")}}), Refused(kUnauthenticated, "TOKEN_MISSING")) << method.path;
    EXPECT_THAT(denied({{"authorization", "Basic " + token("admin")}}), Refused(kUnauthenticated, "TOKEN_MISSING"))
        << method.path;
    EXPECT_THAT(denied(Bearer("spool_unknown")), Refused(kUnauthenticated, "TOKEN_UNKNOWN")) << method.path;
    EXPECT_THAT(denied(Bearer(token("admin") + "x")), Refused(kUnauthenticated, "TOKEN_UNKNOWN")) << method.path;
    EXPECT_THAT(denied({{"authorization", "Bearer x"}, {"authorization", "Bearer " + token("admin")}}),
                Refused(kUnauthenticated, "TOKEN_UNKNOWN"))
        << method.path;
    EXPECT_THAT(denied(Bearer(token("expired"))), Refused(kUnauthenticated, "TOKEN_EXPIRED")) << method.path;
    for (const char* holder : {"read", "write"}) {
      const std::string needed = NameOf(method.scope);
      if (needed == "read" || needed == holder) continue;
      EXPECT_THAT(denied(Bearer(token(holder))), Refused(absl::StatusCode::kPermissionDenied, "SCOPE_TOO_SMALL"))
          << method.path << " as " << holder;
    }
  }
}

TEST_F(EveryCallTest, NoWebPageCanWhateverTokenItHas) {
  for (const Method& method : methods_) {
    if (method.scope == v1::ACCESS_SCOPE_PUBLIC) continue;
    for (const auto& [name, value] :
         Headers{{"origin", "https://evil.example"}, {"sec-fetch-site", "cross-site"}, {"sec-fetch-mode", "cors"}}) {
      Headers headers = Bearer(token("admin"));
      headers.emplace_back(name, value);
      EXPECT_THAT(Call(method, headers), Refused(absl::StatusCode::kPermissionDenied, "BROWSER_REFUSED"))
          << method.path << " with " << name;
    }
  }
}

// What each RPC answers to a caller that is limited to other jobs than the one that is there.
TEST_F(EveryCallTest, ALimitedCallerReachesNoForeignJob) {
  const std::string foreign = EnqueueFor("blue", "secret video");
  const std::string nobodys = EnqueueFor("");
  ASSERT_FALSE(foreign.empty() || nobodys.empty());
  const Headers red = Bearer(token("red"));

  v1::EnqueueRequest job;
  job.set_input("a.mp4");
  job.mutable_resize()->set_width(16);
  (*job.mutable_labels())["team"] = "blue";
  v1::EnqueueBatchRequest batch;
  *batch.add_requests() = job;
  v1::PlanJobRequest plan;
  *plan.mutable_job() = job;
  v1::ProbeMediaRequest probe;
  probe.set_input("a.mp4");
  v1::ListEventsRequest events;
  events.set_start_at(v1::START_AT_EARLIEST);
  v1::WatchEventsRequest watch;
  watch.mutable_filter()->add_job_ids(foreign);
  watch.set_start_at(v1::START_AT_SNAPSHOT);

  const auto is_outside = [](const absl::StatusOr<std::string>& answer) {
    EXPECT_THAT(answer, Refused(absl::StatusCode::kPermissionDenied, "OUTSIDE_LIMIT"));
  };
  const auto tells_nothing = [&](const absl::StatusOr<std::string>& answer) {
    ASSERT_OK(answer);
    EXPECT_FALSE(absl::StrContains(*answer, foreign)) << *answer;
    EXPECT_FALSE(absl::StrContains(*answer, nobodys)) << *answer;
    EXPECT_FALSE(absl::StrContains(*answer, "secret video")) << *answer;
  };
  const auto is_not_of_jobs = [](const absl::StatusOr<std::string>& answer) {
    EXPECT_FALSE(IsRefusal(answer.status())) << answer.status();
  };
  const auto is_for_others = [](const absl::StatusOr<std::string>& answer) {
    EXPECT_THAT(answer, Refused(absl::StatusCode::kPermissionDenied, "SCOPE_TOO_SMALL"));
  };
  struct Case {
    std::string request;
    std::function<void(const absl::StatusOr<std::string>&)> check;
  };
  const std::map<std::string, Case> cases = {
      {"/spool.v1.JobService/Enqueue", {job.SerializeAsString(), is_outside}},
      {"/spool.v1.JobService/EnqueueBatch",
       {batch.SerializeAsString(),
        [](const absl::StatusOr<std::string>& answer) {
          ASSERT_OK(answer);
          v1::EnqueueBatchResponse response;
          ASSERT_TRUE(response.ParseFromString(*answer));
          ASSERT_EQ(response.results_size(), 1);
          EXPECT_EQ(response.results(0).failure().reason(), "OUTSIDE_LIMIT");
        }}},
      {"/spool.v1.JobService/PlanJob", {plan.SerializeAsString(), is_outside}},
      {"/spool.v1.JobService/ListJobs", {"", tells_nothing}},
      {"/spool.v1.JobService/ListPresets", {"", is_not_of_jobs}},
      {"/spool.v1.JobService/ListEvents", {events.SerializeAsString(), tells_nothing}},
      {"/spool.v1.JobService/WatchEvents", {watch.SerializeAsString(), tells_nothing}},
      {"/spool.v1.QueueService/GetQueueStats", {"", is_outside}},
      {"/spool.v1.QueueService/PauseQueue", {"", is_for_others}},
      {"/spool.v1.QueueService/ResumeQueue", {"", is_for_others}},
      {"/spool.v1.MediaService/UploadMedia", {"", is_not_of_jobs}},
      {"/spool.v1.MediaService/ProbeMedia", {probe.SerializeAsString(), is_outside}},
      {"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", {"", is_not_of_jobs}},
      {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", {"", is_not_of_jobs}},
      {"/grpc.health.v1.Health/Check", {"", is_not_of_jobs}},
      {"/grpc.health.v1.Health/Watch", {"", is_not_of_jobs}},
  };
  for (const Method& method : methods_) {
    SCOPED_TRACE(method.path);
    if (const auto found = cases.find(method.path); found != cases.end()) {
      found->second.check(Call(method, red, found->second.request));
      continue;
    }
    ASSERT_TRUE(method.of_a_job) << "say above what a limited caller gets of this RPC";
    // Field 1 is the id, with all of these.
    v1::GetJobRequest of_job;
    of_job.set_job_id(foreign);
    const auto answer = Call(method, red, of_job.SerializeAsString());
    EXPECT_THAT(answer, Refused(absl::StatusCode::kNotFound, "JOB_NOT_FOUND"));
    // Not to be told from a job that does not exist.
    of_job.set_job_id(std::string(foreign.size(), 'x'));
    const auto of_none = Call(method, red, of_job.SerializeAsString());
    EXPECT_EQ(absl::StrCat(of_none.status().message()),
              absl::StrCat("there is no job ", std::string(foreign.size(), 'x')));
    EXPECT_EQ(answer.status().message(), absl::StrCat("there is no job ", foreign));
  }
  const auto untouched = As("read").GetJob(foreign);
  ASSERT_OK(untouched);
  EXPECT_EQ(untouched->job().revision(), 1) << untouched->job().ShortDebugString();
}

}  // namespace
}  // namespace spool::testing
