// ListJobs: every filter, every page size, while jobs come and go.

#include <algorithm>
#include <string>
#include <vector>

#include "google/protobuf/text_format.h"
#include "server/job/failure.h"
#include "tests/contract/job_store_contract.h"

namespace spool::contract {
namespace {

using ::testing::ElementsAre;

v1::JobFilter Filter(const std::string& text) {
  v1::JobFilter filter;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &filter)) << text;
  return filter;
}

std::vector<std::string> IdsOf(const std::vector<v1::Job>& jobs) {
  std::vector<std::string> ids;
  for (const v1::Job& job : jobs) ids.push_back(job.id());
  return ids;
}

// All pages, joined.
std::vector<v1::Job> ListAll(store::JobStore& store, const v1::JobFilter& filter, int limit) {
  std::vector<v1::Job> jobs;
  int64_t before = 0;
  do {
    const auto page = store.ListJobs(filter, limit, before);
    EXPECT_OK(page);
    if (!page.ok()) return jobs;
    EXPECT_LE(page->jobs.size(), limit);
    jobs.insert(jobs.end(), page->jobs.begin(), page->jobs.end());
    before = page->next;
  } while (before != 0);
  return jobs;
}

// What the API's comment on JobFilter says, in the plainest way.
bool Matches(const v1::JobFilter& filter, const v1::Job& job) {
  const auto allows = [](const auto& wanted, const auto& value) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
  };
  for (const auto& [key, value] : filter.labels()) {
    if (job.labels().count(key) == 0 || job.labels().at(key) != value) return false;
  }
  return allows(filter.states(), job.state()) && allows(filter.types(), job.type()) &&
         allows(filter.video_ids(), job.video_id()) && allows(filter.job_ids(), job.id());
}

TEST_P(JobStoreContract, ListsAllNewestFirst) {
  for (const char* id : {"b", "a", "c"}) Add(id);
  EXPECT_THAT(IdsOf(ListAll(store(), {}, 100)), ElementsAre("c", "a", "b"));
  // Where a job stands does not move it in the list.
  ASSERT_OK(Complete(TakeLease("b")));
  EXPECT_THAT(IdsOf(ListAll(store(), {}, 100)), ElementsAre("c", "a", "b"));
}

TEST_P(JobStoreContract, EveryFilterGivesExactlyWhatMatchesAtEveryPageSize) {
  const std::vector<v1::JobState> states = {v1::JOB_STATE_SCHEDULED, v1::JOB_STATE_QUEUED, v1::JOB_STATE_RUNNING,
                                            v1::JOB_STATE_COMPLETED, v1::JOB_STATE_FAILED, v1::JOB_STATE_CANCELLED};
  for (int i = 0; i < 24; ++i) {
    v1::EnqueueRequest request = Request("job-" + std::to_string(i));
    request.set_priority(1000);
    if (i % 3 == 0) request.mutable_convert()->set_container(v1::CONTAINER_WEBM);
    request.set_video_id(i % 5 == 0 ? "" : "v\"" + std::to_string(i % 5) + "\\");
    (*request.mutable_labels())["parity"] = i % 2 == 0 ? "even" : "odd";
    if (i % 4 == 0) (*request.mutable_labels())["fourth"] = "";
    const v1::JobState state = states[i % states.size()];
    if (state == v1::JOB_STATE_SCHEDULED) {
      request.mutable_run_at()->set_seconds(absl::ToUnixSeconds(clock_.Now() + absl::Hours(1)));
    }
    // What is to stay in the queue must not be taken by those after it.
    if (state == v1::JOB_STATE_QUEUED) request.set_priority(-1);
    Add(request);
    if (state == v1::JOB_STATE_RUNNING) TakeLease(request.job_id());
    if (state == v1::JOB_STATE_COMPLETED) {
      ASSERT_OK(Complete(TakeLease(request.job_id())));
    }
    if (state == v1::JOB_STATE_FAILED) {
      ASSERT_OK(Fail(TakeLease(request.job_id()), job::kInvalidMedia));
    }
    if (state == v1::JOB_STATE_CANCELLED) {
      ASSERT_OK(Cancel(request.job_id()));
    }
  }
  std::vector<v1::Job> all = Jobs();
  ASSERT_EQ(all.size(), 24);
  std::reverse(all.begin(), all.end());

  for (
      const char* text :
      {R"()", R"(states: JOB_STATE_QUEUED)", R"(states: JOB_STATE_FAILED states: JOB_STATE_CANCELLED)",
       R"(types: JOB_TYPE_CONVERT)", R"(types: JOB_TYPE_CONVERT types: JOB_TYPE_RESIZE)", R"(video_ids: "v\"1\\")",
       R"(video_ids: "v\"1\\" video_ids: "v\"4\\" video_ids: "unknown")", R"(video_ids: "")",
       R"(video_ids: "" video_ids: "v\"2\\")", R"(labels { key: "parity" value: "odd" })",
       R"(labels { key: "parity" value: "even" } labels { key: "fourth" value: "" })",
       R"(labels { key: "parity" value: "none" })", R"(labels { key: "nothing" value: "" })",
       R"(job_ids: "job-3" job_ids: "job-17" job_ids: "job-999" job_ids: "job-3")", R"(job_ids: "\"' OR 1=1 --")",
       R"(job_ids: "job-3" job_ids: "job-4" states: JOB_STATE_RUNNING states: JOB_STATE_COMPLETED)",
       R"(job_ids: "job-6" video_ids: "v\"1\\" types: JOB_TYPE_CONVERT)",
       R"(states: JOB_STATE_QUEUED types: JOB_TYPE_RESIZE video_ids: "v\"2\\" labels { key: "parity" value: "odd" })"}) {
    const v1::JobFilter filter = Filter(text);
    std::vector<v1::Job> expected;
    for (const v1::Job& job : all) {
      if (Matches(filter, job)) expected.push_back(job);
    }
    for (const int limit : {1, 2, 7, 24, 1000}) {
      EXPECT_EQ(IdsOf(ListAll(store(), filter, limit)), IdsOf(expected)) << text << " by " << limit;
    }
  }
}

TEST_P(JobStoreContract, ListedJobsAreWhole) {
  Add("a");
  const store::Lease lease = TakeLease("a");
  ASSERT_OK(Complete(lease));
  const auto page = store().ListJobs({}, 10, 0);
  ASSERT_OK(page);
  ASSERT_EQ(page->jobs.size(), 1);
  EXPECT_EQ(page->next, 0);
  EXPECT_EQ(page->jobs.front().SerializeAsString(), Get("a").SerializeAsString());
}

TEST_P(JobStoreContract, PagesNeitherLoseNorRepeatWhileJobsComeAndGo) {
  for (int i = 0; i < 20; ++i) Add("old-" + std::to_string(i));
  std::vector<std::string> seen;
  int64_t before = 0;
  int made = 0;
  do {
    const auto page = store().ListJobs({}, 3, before);
    ASSERT_OK(page);
    for (const v1::Job& job : page->jobs) seen.push_back(job.id());
    before = page->next;
    Add("new-" + std::to_string(made++));
    // The job that the next page begins after may go.
    if (!seen.empty() && made == 2) {
      ASSERT_OK(Cancel(seen.back()));
      ASSERT_OK(Delete(seen.back()));
    }
  } while (before != 0);
  ASSERT_EQ(seen.size(), 20);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(seen[i], "old-" + std::to_string(19 - i));
}

}  // namespace
}  // namespace spool::contract
