#include "tests/many/crowd.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "client/cpp/channel.h"
#include "client/cpp/status.h"
#include "tests/support/crowded_watch.h"

namespace spool::testing {

class Crowd::Subscriber : public CrowdedWatch {
 public:
  explicit Subscriber(Crowd* crowd) : crowd_(crowd) {}

  int64_t Value(Figure figure) const { return figures_[static_cast<size_t>(figure)]; }

  void OnResponse(const v1::WatchEventsResponse& response) override {
    const absl::Status accepted = Check(response);
    absl::MutexLock lock(&crowd_->mu_);
    Account(response);
    if (crowd_->wrong_.ok()) crowd_->wrong_ = accepted;
  }

  void OnEnd(const grpc::Status& status) override {
    const absl::Status end = client::FromGrpc(status);
    const std::string reason = client::ReasonOf(end);
    absl::MutexLock lock(&crowd_->mu_);
    ++crowd_->endings_[reason.empty() ? absl::StatusCodeToString(end.code()) : reason];
    --crowd_->alive_;
    Set(Figure::kEnded, 1);
  }

 private:
  absl::Status Check(const v1::WatchEventsResponse& response) const {
    const v1::Coverage& coverage = response.coverage();
    const auto wrong = [&](absl::string_view what) {
      return absl::FailedPreconditionError(absl::StrCat(what, ": ", response.ShortDebugString().substr(0, 500)));
    };
    if (!response.has_coverage()) {
      return response.snapshot_jobs_size() > 0 ? absl::OkStatus() : wrong("a response without coverage");
    }
    if (response.has_opened()) return absl::OkStatus();
    if (coverage.after() != Value(Figure::kThrough)) return wrong("the coverage is no chain");
    if (!crowd_->whole_log_) return absl::OkStatus();
    int64_t expected = coverage.after();
    for (const v1::Event& event : response.events()) {
      if (event.sequence() != ++expected) return wrong(absl::StrCat("event ", expected, " is missing"));
    }
    if (expected != coverage.through()) return wrong("events are missing at the end");
    return absl::OkStatus();
  }

  void Account(const v1::WatchEventsResponse& response) ABSL_EXCLUSIVE_LOCKS_REQUIRED(crowd_->mu_) {
    crowd_->events_ += response.events_size();
    Set(Figure::kThrough, response.coverage().through());
    if (response.has_opened()) {
      Set(Figure::kOpened, 1);
    } else if (response.has_coverage() && response.events_size() == 0 &&
               response.marker_case() == v1::WatchEventsResponse::MARKER_NOT_SET) {
      ++crowd_->heartbeats_;
      Set(Figure::kHeartbeats, Value(Figure::kHeartbeats) + 1);
    }
  }

  void Set(Figure figure, int64_t to) ABSL_EXCLUSIVE_LOCKS_REQUIRED(crowd_->mu_) {
    int64_t& value = figures_[static_cast<size_t>(figure)];
    if (to <= value) return;
    crowd_->Grow(figure, value, to);
    value = to;
  }

  Crowd* const crowd_;
  // By Figure. Written under the crowd's lock, and only by reactions, of which there is one at a time.
  std::array<int64_t, 4> figures_ = {};
};

Crowd::Crowd(const std::string& address, int subscribers, int connections, const v1::WatchEventsRequest& request)
    : request_(request), whole_log_(request.filter().ByteSizeLong() == 0) {
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < connections; ++i) channels.push_back(client::MakeChannel(address));
  for (int i = 0; i < subscribers; ++i) subscribers_.push_back(std::make_unique<Subscriber>(this));
  {
    absl::MutexLock lock(&mu_);
    alive_ = subscribers;
  }
  for (size_t i = 0; i < subscribers_.size(); ++i) subscribers_[i]->Start(channels[i % channels.size()], request_);
}

Crowd::~Crowd() {
  for (const auto& subscriber : subscribers_) subscriber->Cancel();
  absl::MutexLock lock(&mu_);
  mu_.Await(absl::Condition(
      +[](int64_t* alive) { return *alive == 0; }, &alive_));
}

void Crowd::Grow(Figure figure, int64_t from, int64_t to) {
  if (figure == awaited_ && from < goal_ && to >= goal_) --missing_;
}

absl::Status Crowd::Until(Figure figure, int64_t goal, absl::Duration longest, const char* what) {
  absl::MutexLock lock(&mu_);
  awaited_ = figure;
  goal_ = goal;
  missing_ = 0;
  for (const auto& subscriber : subscribers_) missing_ += subscriber->Value(figure) < goal;
  const bool may_end = figure == Figure::kEnded;
  const auto settled = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return missing_ == 0 || !wrong_.ok() || (!may_end && alive_ < static_cast<int64_t>(subscribers_.size()));
  };
  const bool in_time = mu_.AwaitWithTimeout(absl::Condition(&settled), longest);
  if (!wrong_.ok()) return wrong_;
  if (missing_ == 0) return absl::OkStatus();
  const std::string who = absl::StrCat(missing_, " of ", subscribers_.size(), " subscribers: not yet ", what);
  if (in_time) return absl::UnavailableError(absl::StrCat(who, "; one has ended: ", endings_.begin()->first));
  return absl::DeadlineExceededError(absl::StrCat(who, " after ", absl::FormatDuration(longest)));
}

absl::Status Crowd::UntilOpened(absl::Duration longest) { return Until(Figure::kOpened, 1, longest, "opened"); }

absl::Status Crowd::UntilCovered(int64_t sequence, absl::Duration longest) {
  return Until(Figure::kThrough, sequence, longest, "at the sequence that is waited for");
}

absl::Status Crowd::UntilHeartbeats(int64_t each, absl::Duration longest) {
  return Until(Figure::kHeartbeats, each, longest, "told so many heartbeats");
}

absl::Status Crowd::UntilEnded(absl::Duration longest) { return Until(Figure::kEnded, 1, longest, "ended"); }

std::map<std::string, int> Crowd::Endings() const {
  absl::MutexLock lock(&mu_);
  return endings_;
}

int64_t Crowd::events() const {
  absl::MutexLock lock(&mu_);
  return events_;
}

int64_t Crowd::heartbeats() const {
  absl::MutexLock lock(&mu_);
  return heartbeats_;
}

}  // namespace spool::testing
