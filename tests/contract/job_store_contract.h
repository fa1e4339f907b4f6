// The suite that every JobStore passes: server/store/job_store.h, sentence by sentence, as parameterised tests.
//
// A store joins by instantiating it in a test of its own that links //tests/contract:job_store_contract:
//
//   INSTANTIATE_TEST_SUITE_P(MyStore, JobStoreContract, ::testing::Values(Implementation{"my store", [] { return …;
//   }}));

#ifndef SPOOL_TESTS_CONTRACT_JOB_STORE_CONTRACT_H_
#define SPOOL_TESTS_CONTRACT_JOB_STORE_CONTRACT_H_

#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/errors.h"
#include "server/base/fake_clock.h"
#include "server/base/mutex.h"
#include "server/base/status_matchers.h"
#include "server/base/ulid.h"
#include "server/store/await.h"
#include "server/store/job_store.h"
#include "spool/v1/event.pb.h"
#include "spool/v1/job.pb.h"
#include "spool/v1/job_service.pb.h"
#include "tests/support/event_fold.h"

namespace spool::contract {

// Where one store keeps what must outlive the object: a folder, a server's key space.
class StoreHome {
 public:
  virtual ~StoreHome() = default;
  // Opens the store: empty at first, afterwards with everything it had. Jobs that were running when the last instance
  // ended count as interrupted by a crash. Never called while another instance is open.
  virtual std::unique_ptr<store::JobStore> Open(const Clock* clock) = 0;
};

struct Implementation {
  std::string name;
  // A home of its own for each test.
  std::function<std::unique_ptr<StoreHome>()> make_home;

  friend void PrintTo(const Implementation& implementation, std::ostream* out) { *out << implementation.name; }
};

// Remembers what a store told of, and checks the order in which it did.
class RecordingListener : public store::CommitListener {
 public:
  // `head` is the log's end when the listener is added.
  explicit RecordingListener(int64_t head) : head_(head) {}
  void OnCommit(absl::Span<const store::CommittedEvent> events) override ABSL_LOCKS_EXCLUDED(mu_);
  void OnCompacted(int64_t earliest) override ABSL_LOCKS_EXCLUDED(mu_);
  void OnResumed() override ABSL_LOCKS_EXCLUDED(mu_);

  std::vector<store::CommittedEvent> events() const ABSL_LOCKS_EXCLUDED(mu_);
  // Sequence of the last event told of.
  int64_t head() const ABSL_LOCKS_EXCLUDED(mu_);
  // As last told of; 0 when never.
  int64_t earliest() const ABSL_LOCKS_EXCLUDED(mu_);
  int resumed() const ABSL_LOCKS_EXCLUDED(mu_);
  // Keeps the store's writer in OnCommit until the returned function is called, so that writes gather behind it.
  std::function<void()> HoldNextCommit() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Hold {
    std::latch release{1};
  };
  mutable Mutex mu_;
  std::vector<store::CommittedEvent> events_ ABSL_GUARDED_BY(mu_);
  int64_t head_ ABSL_GUARDED_BY(mu_);
  int64_t earliest_ ABSL_GUARDED_BY(mu_) = 0;
  int resumed_ ABSL_GUARDED_BY(mu_) = 0;
  std::shared_ptr<Hold> hold_ ABSL_GUARDED_BY(mu_);
};

// One store, its clock, and its methods as calls that wait. When a test ends, the whole of the log that is kept is
// folded and compared with every job, and with what the listener was told.
class JobStoreContract : public ::testing::TestWithParam<Implementation> {
 protected:
  void SetUp() override;
  void TearDown() override;

  store::JobStore& store() { return *store_; }
  RecordingListener& listener() { return *listener_; }
  // Closes the store and opens it again, as a restart of the server does. Attempts that were running are interrupted.
  void Reopen();

  // A resize of a video, with this id.
  static v1::EnqueueRequest Request(const std::string& id);
  // The same for a still, which goes to the short lane.
  static v1::EnqueueRequest StillRequest(const std::string& id);
  job::NewJob Make(const v1::EnqueueRequest& request);

  absl::StatusOr<store::EnqueuedJob> Enqueue(const v1::EnqueueRequest& request);
  std::vector<absl::StatusOr<store::EnqueuedJob>> EnqueueAll(const std::vector<v1::EnqueueRequest>& requests);
  // Enqueues a job that must be accepted.
  void Add(const std::string& id) { Add(Request(id)); }
  void Add(const v1::EnqueueRequest& request);

  std::optional<store::TakenJob> Take(store::JobStore::Lanes lanes = store::JobStore::Lanes::kAny);
  // Id of the job taken; empty when there was none.
  std::string TakeId(store::JobStore::Lanes lanes = store::JobStore::Lanes::kAny);
  // Takes the next job, which must be this one.
  store::Lease TakeLease(const std::string& id);

  absl::StatusOr<v1::Job> Complete(const store::Lease& lease);
  absl::StatusOr<v1::Job> Fail(const store::Lease& lease, absl::string_view reason);
  absl::StatusOr<v1::Job> HandBack(const store::Lease& lease);
  absl::StatusOr<v1::Job> FinishCancel(const store::Lease& lease);
  absl::StatusOr<v1::Job> Cancel(const std::string& id);
  absl::StatusOr<v1::Job> Retry(const std::string& id);
  absl::StatusOr<v1::Job> Delete(const std::string& id);
  void SetPaused(bool paused);
  // When the next job is due.
  absl::Time Advance();
  // Until nothing is left to remove.
  store::Compacted Compact(const store::Retention& retention);

  // A job in this state, brought there by the shortest way. Ids must be new.
  void AddInState(const std::string& id, v1::JobState state);

  v1::Job Get(const std::string& id);
  v1::JobState StateOf(const std::string& id) { return Get(id).state(); }
  std::vector<v1::Event> Events(int64_t after = 0);
  // The events of one job.
  std::vector<v1::Event> EventsOf(const std::string& id);
  // All jobs, by a snapshot.
  std::vector<v1::Job> Jobs();

  FakeClock clock_;

 private:
  void OpenStore();

  UlidSource ulids_;
  std::unique_ptr<StoreHome> home_;
  std::unique_ptr<RecordingListener> listener_;  // outlives the store
  std::unique_ptr<store::JobStore> store_;
};

// A StatusOr whose error has this code and this reason in its ErrorInfo.
MATCHER_P2(Refused, code, reason, std::string("is refused with ") + reason) {
  const absl::Status& status = StatusOf(arg);
  *result_listener << status.ToString() << ", reason " << ErrorInfoOf(status).reason();
  return status.code() == code && ErrorInfoOf(status).reason() == reason;
}

// A StatusOr<Job> that is OK and in this state.
MATCHER_P(IsJobIn, state, "is a job in " + v1::JobState_Name(state)) {
  if (!arg.ok()) {
    *result_listener << arg.status().ToString();
    return false;
  }
  *result_listener << v1::JobState_Name(arg->state());
  return arg->state() == state;
}

// An Event of this type.
MATCHER_P(HasType, type, "is of " + v1::EventType_Name(type)) {
  *result_listener << arg.ShortDebugString();
  return arg.type() == type;
}

// A Job or an Event's payload of which `id` is the id.
MATCHER_P(HasId, id, std::string("has id ") + id) {
  *result_listener << arg.id();
  return arg.id() == id;
}

}  // namespace spool::contract

#endif  // SPOOL_TESTS_CONTRACT_JOB_STORE_CONTRACT_H_
