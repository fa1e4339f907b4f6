#include "tests/contract/job_store_contract.h"

#include <algorithm>
#include <string>

#include "google/protobuf/util/message_differencer.h"
#include "server/job/failure.h"

namespace spool::contract {

using store::Await;
using store::Done;
using store::EnqueuedJob;
using store::JobStore;
using store::Lease;
using store::TakenJob;

void RecordingListener::OnCommit(absl::Span<const store::CommittedEvent> events) {
  std::shared_ptr<Hold> hold;
  {
    MutexLock lock(&mu_);
    EXPECT_FALSE(events.empty()) << "a commit without events is not told of";
    for (const store::CommittedEvent& committed : events) {
      EXPECT_EQ(committed.event.sequence(), head_ + 1) << "told of out of order";
      v1::Event parsed;
      EXPECT_TRUE(parsed.ParseFromString(committed.bytes));
      EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(parsed, committed.event))
          << "bytes are not the event's: " << parsed.ShortDebugString();
      head_ = committed.event.sequence();
      events_.push_back(committed);
    }
    hold = std::move(hold_);
  }
  if (hold != nullptr) hold->release.wait();
}

void RecordingListener::OnCompacted(int64_t earliest) {
  MutexLock lock(&mu_);
  EXPECT_GT(earliest, earliest_);
  earliest_ = earliest;
}

void RecordingListener::OnResumed() {
  MutexLock lock(&mu_);
  ++resumed_;
}

std::vector<store::CommittedEvent> RecordingListener::events() const {
  MutexLock lock(&mu_);
  return events_;
}

int64_t RecordingListener::head() const {
  MutexLock lock(&mu_);
  return head_;
}

int64_t RecordingListener::earliest() const {
  MutexLock lock(&mu_);
  return earliest_;
}

int RecordingListener::resumed() const {
  MutexLock lock(&mu_);
  return resumed_;
}

std::function<void()> RecordingListener::HoldNextCommit() {
  MutexLock lock(&mu_);
  hold_ = std::make_shared<Hold>();
  return [hold = hold_] { hold->release.count_down(); };
}

void JobStoreContract::SetUp() {
  home_ = GetParam().make_home();
  OpenStore();
}

void JobStoreContract::OpenStore() {
  store_ = home_->Open(&clock_);
  ASSERT_NE(store_, nullptr);
  listener_ = std::make_unique<RecordingListener>(store_->Range().head);
  store_->AddListener(listener_.get());
}

void JobStoreContract::Reopen() {
  store_.reset();
  OpenStore();
}

void JobStoreContract::TearDown() {
  if (store_ == nullptr) return;
  const store::LogRange range = store_->Range();
  for (const store::CommittedEvent& told : listener_->events()) {
    if (told.event.sequence() < range.earliest) continue;
    const auto stored = store_->ReadEvents(told.event.sequence() - 1, 1, 1 << 20);
    ASSERT_OK(stored);
    ASSERT_EQ(stored->size(), 1);
    EXPECT_EQ(stored->front().bytes, told.bytes) << "the log has other bytes than the listener was told of";
  }
  // Without its beginning the log does not say where the jobs stand.
  if (range.earliest != 1) return;
  testing::EventFold fold;
  for (const v1::Event& event : Events()) ASSERT_OK(fold.Add(event));
  const std::vector<v1::Job> jobs = Jobs();
  EXPECT_EQ(jobs.size(), fold.jobs().size());
  for (const v1::Job& job : jobs) {
    EXPECT_OK(fold.Check(job));
    EXPECT_OK(fold.Check(Get(job.id())));
  }
}

v1::EnqueueRequest JobStoreContract::Request(const std::string& id) {
  v1::EnqueueRequest request;
  request.set_job_id(id);
  request.set_video_id("video-of-" + id);
  request.set_input("a.mp4");
  request.mutable_resize()->set_width(320);
  return request;
}

v1::EnqueueRequest JobStoreContract::StillRequest(const std::string& id) {
  v1::EnqueueRequest request = Request(id);
  request.set_input("a.png");
  return request;
}

job::NewJob JobStoreContract::Make(const v1::EnqueueRequest& request) {
  absl::StatusOr<job::NewJob> made = job::MakeJob(request, clock_.Now(), ulids_);
  EXPECT_OK(made);
  return *std::move(made);
}

std::vector<absl::StatusOr<EnqueuedJob>> JobStoreContract::EnqueueAll(const std::vector<v1::EnqueueRequest>& requests) {
  std::vector<job::NewJob> jobs;
  for (const v1::EnqueueRequest& request : requests) jobs.push_back(Make(request));
  auto results = Await<std::vector<absl::StatusOr<EnqueuedJob>>>(
      [&](auto done) { store_->Enqueue(std::move(jobs), std::move(done)); });
  EXPECT_OK(results);
  EXPECT_EQ(results->size(), requests.size());
  return *std::move(results);
}

absl::StatusOr<EnqueuedJob> JobStoreContract::Enqueue(const v1::EnqueueRequest& request) {
  return EnqueueAll({request}).front();
}

void JobStoreContract::Add(const v1::EnqueueRequest& request) { ASSERT_OK(Enqueue(request)); }

std::optional<TakenJob> JobStoreContract::Take(JobStore::Lanes lanes) {
  auto taken = Await<std::optional<TakenJob>>([&](auto done) { store_->Take(lanes, std::move(done)); });
  EXPECT_OK(taken);
  return *std::move(taken);
}

std::string JobStoreContract::TakeId(JobStore::Lanes lanes) {
  const std::optional<TakenJob> taken = Take(lanes);
  return taken.has_value() ? taken->job.id() : "";
}

Lease JobStoreContract::TakeLease(const std::string& id) {
  const std::optional<TakenJob> taken = Take();
  EXPECT_TRUE(taken.has_value()) << "no job is given out; expected " << id;
  if (!taken.has_value()) return {};
  EXPECT_EQ(taken->job.id(), id);
  EXPECT_EQ(taken->lease.job_id, id);
  return taken->lease;
}

absl::StatusOr<v1::Job> JobStoreContract::Complete(const Lease& lease) {
  v1::JobResult result;
  result.set_output(lease.job_id + ".mp4");
  result.set_width(320);
  result.set_height(180);
  return Await<v1::Job>([&](auto done) { store_->Complete(lease, result, std::move(done)); });
}

absl::StatusOr<v1::Job> JobStoreContract::Fail(const Lease& lease, absl::string_view reason) {
  return Await<v1::Job>(
      [&](auto done) { store_->Fail(lease, job::MakeError(reason, "it went wrong"), std::move(done)); });
}

absl::StatusOr<v1::Job> JobStoreContract::HandBack(const Lease& lease) {
  return Await<v1::Job>([&](auto done) { store_->HandBack(lease, std::move(done)); });
}

absl::StatusOr<v1::Job> JobStoreContract::FinishCancel(const Lease& lease) {
  return Await<v1::Job>([&](auto done) { store_->FinishCancel(lease, std::move(done)); });
}

absl::StatusOr<v1::Job> JobStoreContract::Cancel(const std::string& id) {
  return Await<v1::Job>([&](auto done) { store_->Cancel(id, std::move(done)); });
}

absl::StatusOr<v1::Job> JobStoreContract::Retry(const std::string& id) {
  return Await<v1::Job>([&](auto done) { store_->Retry(id, std::move(done)); });
}

absl::StatusOr<v1::Job> JobStoreContract::Delete(const std::string& id) {
  return Await<v1::Job>([&](auto done) { store_->Delete(id, std::move(done)); });
}

void JobStoreContract::SetPaused(bool paused) {
  EXPECT_OK(Await<bool>([&](auto done) { store_->SetPaused(paused, std::move(done)); }));
}

absl::Time JobStoreContract::Advance() {
  const auto next = Await<absl::Time>([&](auto done) { store_->Advance(std::move(done)); });
  EXPECT_OK(next);
  return *next;
}

store::Compacted JobStoreContract::Compact(const store::Retention& retention) {
  store::Compacted all;
  do {
    const auto some = Await<store::Compacted>([&](auto done) { store_->Compact(retention, std::move(done)); });
    EXPECT_OK(some);
    all.jobs += some->jobs;
    all.events += some->events;
    all.more = some->more;
  } while (all.more);
  return all;
}

void JobStoreContract::AddInState(const std::string& id, v1::JobState state) {
  v1::EnqueueRequest request = Request(id);
  // What is to stay in the queue waits behind what has to be taken to get further.
  request.set_priority(state == v1::JOB_STATE_QUEUED ? -1000 : 1000);
  if (state == v1::JOB_STATE_SCHEDULED) {
    request.mutable_run_at()->set_seconds(absl::ToUnixSeconds(clock_.Now() + absl::Hours(1)));
  }
  Add(request);
  if (state == v1::JOB_STATE_CANCELLED) {
    ASSERT_OK(Cancel(id));
  }
  if (state == v1::JOB_STATE_RUNNING) TakeLease(id);
  if (state == v1::JOB_STATE_COMPLETED) {
    ASSERT_OK(Complete(TakeLease(id)));
  }
  if (state == v1::JOB_STATE_FAILED) {
    ASSERT_OK(Fail(TakeLease(id), job::kInvalidMedia));
  }
  ASSERT_EQ(StateOf(id), state);
}

v1::Job JobStoreContract::Get(const std::string& id) {
  const auto stored = store_->GetJob(id);
  EXPECT_OK(stored) << id;
  return stored.ok() ? stored->job : v1::Job();
}

std::vector<v1::Event> JobStoreContract::Events(int64_t after) {
  std::vector<v1::Event> events;
  for (;;) {
    // In small bites, so that every test joins pages.
    const auto page = store_->ReadEvents(after, 7, 1 << 20);
    EXPECT_OK(page);
    if (!page.ok() || page->empty()) return events;
    for (const store::StoredEvent& stored : *page) {
      EXPECT_EQ(stored.sequence, after + 1) << "the log has a hole";
      v1::Event event;
      EXPECT_TRUE(event.ParseFromString(stored.bytes));
      EXPECT_EQ(event.sequence(), stored.sequence);
      after = stored.sequence;
      events.push_back(std::move(event));
    }
  }
}

std::vector<v1::Event> JobStoreContract::EventsOf(const std::string& id) {
  std::vector<v1::Event> events = Events();
  events.erase(std::remove_if(events.begin(), events.end(), [&](const v1::Event& e) { return e.job_id() != id; }),
               events.end());
  return events;
}

std::vector<v1::Job> JobStoreContract::Jobs() {
  const auto snapshot = store_->OpenSnapshot();
  EXPECT_OK(snapshot);
  std::vector<v1::Job> jobs;
  for (;;) {
    const auto some = (*snapshot)->Next(5);
    EXPECT_OK(some);
    if (!some.ok() || some->empty()) return jobs;
    jobs.insert(jobs.end(), some->begin(), some->end());
  }
}

}  // namespace spool::contract
