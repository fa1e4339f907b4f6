#include "tests/support/watch.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/cpp/status.h"
#include "server/base/status_macros.h"

namespace spool::testing {
namespace {

// How much later than promised a heartbeat may come, on a machine that is busy with other tests.
constexpr absl::Duration kLateness = absl::Seconds(20);

absl::Time Now() { return absl::UnixEpoch() + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch()); }

}  // namespace

v1::WatchEventsRequest FromEarliest() {
  v1::WatchEventsRequest request;
  request.set_start_at(v1::START_AT_EARLIEST);
  return request;
}

Watch::Watch(v1::JobService::StubInterface* stub, const v1::WatchEventsRequest& request, absl::Duration longest)
    : feed_(std::make_shared<FeedValidator>(request)), longest_(longest) {
  Open(stub);
}

Watch::~Watch() { Stop(); }

void Watch::Stop() {
  context_->TryCancel();
  Ending().IgnoreError();
}

void Watch::Open(v1::JobService::StubInterface* stub) {
  context_ = std::make_unique<grpc::ClientContext>();
  context_->set_deadline(std::chrono::system_clock::now() + absl::ToChronoSeconds(longest_));
  reader_ = stub->WatchEvents(context_.get(), feed_->BeginStream());
}

void Watch::Resume(v1::JobService::StubInterface* stub) {
  Stop();
  Open(stub);
}

absl::Status Watch::Ending() {
  if (reader_ == nullptr) return absl::CancelledError("the stream has ended before");
  const absl::Status status = client::FromGrpc(reader_->Finish());
  reader_ = nullptr;
  return status;
}

absl::StatusOr<v1::WatchEventsResponse> Watch::Next() {
  if (reader_ == nullptr) return absl::CancelledError("the stream has ended before");
  v1::WatchEventsResponse response;
  const absl::Time began = Now();
  if (!reader_->Read(&response)) {
    SPOOL_RETURN_IF_ERROR(Ending());
    return absl::OutOfRangeError("ended");
  }
  if (Now() - began > feed_->heartbeat() + kLateness) {
    return absl::FailedPreconditionError(
        absl::StrCat("P5: silent for ", absl::FormatDuration(Now() - began), " before ", response.ShortDebugString()));
  }
  draining_seen_ = draining_seen_ || response.has_draining();
  SPOOL_RETURN_IF_ERROR(feed_->Accept(response));
  return response;
}

absl::StatusOr<v1::Event> Watch::Until(const std::function<bool(const v1::Event&)>& wanted) {
  for (;;) {
    while (!unseen_.empty()) {
      v1::Event event = std::move(unseen_.front());
      unseen_.pop_front();
      if (wanted(event)) return event;
    }
    SPOOL_ASSIGN_OR_RETURN(const v1::WatchEventsResponse response, Next());
    unseen_.assign(response.events().begin(), response.events().end());
  }
}

absl::StatusOr<v1::Event> Watch::Until(v1::EventType type, const std::string& job_id) {
  const auto ends = [](const v1::Event& event) {
    return event.has_completed() || event.has_failed() || event.has_cancelled();
  };
  SPOOL_ASSIGN_OR_RETURN(const v1::Event event, Until([&](const v1::Event& event) {
                           return event.job_id() == job_id && (event.type() == type || ends(event));
                         }));
  if (event.type() == type) return event;
  return absl::InternalError(absl::StrCat("the job ended in another way: ", event.ShortDebugString()));
}

absl::Status Watch::UntilOpened() { return Next().status(); }

absl::Status Watch::UntilProgress(const std::string& job_id, double at_least) {
  for (;;) {
    SPOOL_ASSIGN_OR_RETURN(const v1::WatchEventsResponse response, Next());
    for (const v1::ProgressSample& sample : response.progress()) {
      const double fraction = sample.progress().fraction();
      if (sample.job_id() == job_id && fraction > 0 && fraction >= at_least) return absl::OkStatus();
    }
  }
}

absl::Status Watch::UntilCovered(int64_t sequence) {
  while (feed_->through() < sequence) SPOOL_RETURN_IF_ERROR(Next().status());
  return absl::OkStatus();
}

absl::Status Watch::UntilEnd() {
  for (;;) {
    const absl::StatusOr<v1::WatchEventsResponse> response = Next();
    if (response.ok()) continue;
    const bool ended_ok = absl::IsOutOfRange(response.status()) && response.status().message() == "ended";
    return ended_ok ? absl::OkStatus() : response.status();
  }
}

}  // namespace spool::testing
