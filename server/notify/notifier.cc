#include "server/notify/notifier.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/errors.h"
#include "server/base/failpoint.h"
#include "server/base/log.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"
#include "server/feed/token.h"
#include "server/notify/backoff.h"
#include "server/notify/cloud_event.h"

namespace spool::notify {
namespace {

// The heartbeat moves the place of a target whose filter matches little.
constexpr absl::Duration kHeartbeat = absl::Minutes(1);
constexpr int kMaxBatchEvents = 256;
// After the feed or the outbox failed.
constexpr absl::Duration kPause = absl::Seconds(1);
// Places that moved without a delivery are written this much later: lost, they cost a look at the same events.
constexpr absl::Duration kPlaceDelay = absl::Seconds(1);
constexpr absl::Duration kTrimEvery = absl::Minutes(1);
// So that a clock that is set does not keep the thread asleep.
constexpr absl::Duration kLongestSleep = absl::Seconds(30);
// Of warnings about one target.
constexpr absl::Duration kLogEvery = absl::Minutes(1);

constexpr int kTooManyRequests = 429;
constexpr int kServiceUnavailable = 503;

// A feed's end of a target: passes everything on to the thread.
class FeedSink : public feed::Sink {
 public:
  using OnUpdate = std::function<absl::Status(const feed::Update&)>;
  using OnEnd = std::function<absl::Status(const absl::Status&)>;
  FeedSink(std::shared_ptr<Inbox> inbox, OnUpdate on_update, OnEnd on_end)
      : inbox_(std::move(inbox)), on_update_(std::move(on_update)), on_end_(std::move(on_end)) {}

  void Send(feed::Update update) override {
    inbox_->Put([on_update = on_update_, update = std::move(update)] { return on_update(update); });
  }
  void Finish(absl::Status status) override {
    inbox_->Put([on_end = on_end_, status = std::move(status)] { return on_end(status); });
  }

 private:
  const std::shared_ptr<Inbox> inbox_;
  const OnUpdate on_update_;
  const OnEnd on_end_;
};

absl::StatusOr<v1::WatchEventsResponse> ResponseOf(const feed::Update& update) {
  std::string bytes;
  for (const feed::Run& run : update.events) bytes.append(run.chunk->bytes(), run.begin, run.end - run.begin);
  update.rest.AppendToString(&bytes);
  v1::WatchEventsResponse response;
  if (!response.ParseFromString(bytes)) {
    return Error(absl::StatusCode::kDataLoss, "LOG_CORRUPT", "the feed brought what is no response");
  }
  return response;
}

absl::Status NoTarget(const std::string& name) {
  return WithResource(
      Error(absl::StatusCode::kNotFound, "TARGET_NOT_FOUND", absl::StrCat("there is no target \"", name, "\"")),
      "spool.v1.NotificationTarget", name);
}

absl::Status Draining() {
  return WithRetryDelay(Error(absl::StatusCode::kUnavailable, "SERVER_DRAINING", "the server is stopping"), kPause);
}

// Whether it is an answer to the caller, and not the outbox's failure. SQLite's errors have no reason.
bool IsAnswer(const absl::Status& status) {
  const std::string reason = ErrorInfoOf(status).reason();
  return !reason.empty() && reason != "STORE_CORRUPT";
}

}  // namespace

// A target, and all that is remembered of it.
struct Notifier::Line {
  Target target;
  Place place;
  bool place_moved = false;  // and is not written yet
  std::unique_ptr<Schedule> schedule;
  std::map<int64_t, v1::Delivery> pending;
  // Number of the subscription that is listened to; 0: none.
  int64_t watch = 0;
  std::shared_ptr<feed::Subscription> subscription;
  // The subscription waits to be asked for more.
  bool has_update = false;
  absl::Time watch_at = absl::InfiniteFuture();
  // The receiver asked to be left alone until then.
  absl::Time not_before = absl::InfinitePast();
  absl::Time warned_at = absl::InfinitePast();

  bool enabled() const { return place.disabled_reason.empty(); }
};

absl::StatusOr<std::unique_ptr<Notifier>> Notifier::Open(feed::EventFeed* feed, std::vector<Target> targets,
                                                         NotifierOptions options) {
  SPOOL_ASSIGN_OR_RETURN(std::unique_ptr<Outbox> outbox, Outbox::Open(options.path));
  SPOOL_ASSIGN_OR_RETURN(std::unique_ptr<OutboxReader> reader, OutboxReader::Open(options.path));
  auto notifier = std::unique_ptr<Notifier>(
      new Notifier(feed, std::move(targets), std::move(options), std::move(outbox), std::move(reader)));
  SPOOL_RETURN_IF_ERROR(notifier->Load());
  notifier->thread_ = std::thread([notifier = notifier.get()] { notifier->Run(); });
  return notifier;
}

Notifier::Notifier(feed::EventFeed* feed, std::vector<Target> targets, NotifierOptions options,
                   std::unique_ptr<Outbox> outbox, std::unique_ptr<OutboxReader> reader)
    : feed_(feed),
      options_(std::move(options)),
      outbox_(std::move(outbox)),
      reader_(std::move(reader)),
      inbox_(std::make_shared<Inbox>()) {
  for (Target& target : targets) {
    lines_.push_back(std::make_unique<Line>());
    lines_.back()->target = std::move(target);
  }
}

Notifier::~Notifier() { Stop(); }

void Notifier::Stop() {
  inbox_->Stop();
  if (thread_.joinable()) thread_.join();
}

absl::StatusOr<v1::ListTargetsResponse> Notifier::ListTargets() {
  v1::ListTargetsResponse response;
  response.set_head_sequence(feed_->Range().head);
  for (const auto& line : lines_) {
    SPOOL_ASSIGN_OR_RETURN(const OutboxReader::Standing standing, reader_->StandingOf(line->target.name));
    v1::NotificationTarget& target = *response.add_targets();
    target.set_name(line->target.name);
    target.set_type(line->target.type);
    target.set_destination(line->target.destination);
    *target.mutable_filter() = line->target.filter;
    target.set_state(v1::NOTIFICATION_TARGET_STATE_ACTIVE);
    target.set_pending_deliveries(standing.pending);
    if (!standing.place.has_value()) continue;
    if (!standing.place->disabled_reason.empty()) target.set_state(v1::NOTIFICATION_TARGET_STATE_DISABLED);
    target.set_disabled_reason(standing.place->disabled_reason);
    target.set_sequence(standing.place->sequence);
    target.set_lost_from_sequence(standing.place->lost_from);
    target.set_lost_through_sequence(standing.place->lost_through);
  }
  std::sort(response.mutable_targets()->begin(), response.mutable_targets()->end(),
            [](const auto& a, const auto& b) { return a.name() < b.name(); });
  return response;
}

absl::StatusOr<std::vector<v1::Delivery>> Notifier::ListDeliveries(const v1::DeliveryFilter& filter, int64_t before,
                                                                   int most) {
  return reader_->List(filter, before, most);
}

void Notifier::SendTest(const std::string& name, std::function<void(absl::StatusOr<v1::SendTestResponse>)> done) {
  Line* const line = FindLine(name);
  if (line == nullptr) return done(NoTarget(name));
  const absl::Time began = options_.clock->Now();
  line->target.carrier->CarryTest([this, line, began, done = std::move(done)](const Outcome& outcome) {
    if (outcome.kind == Outcome::Kind::kCancelled) return done(Draining());
    v1::SendTestResponse response;
    response.set_delivered(outcome.kind == Outcome::Kind::kDelivered);
    response.set_response_code(outcome.code);
    response.set_error(outcome.error);
    response.set_response_excerpt(outcome.excerpt);
    *response.mutable_duration() = ToProto(std::max(options_.clock->Now() - began, absl::ZeroDuration()));
    if (response.delivered()) inbox_->Put([this, line] { return Enable(*line); });
    done(response);
  });
}

void Notifier::Redeliver(int64_t id, std::function<void(absl::StatusOr<v1::Delivery>)> done) {
  const bool taken = inbox_->Put([this, id, done]() -> absl::Status {
    absl::StatusOr<v1::Delivery> delivery = OnRedeliver(id);
    if (!delivery.ok() && IsAnswer(delivery.status())) {
      done(std::move(delivery).status());
      return absl::OkStatus();
    }
    const absl::Status status = delivery.status();
    after_commit_.push_back([done, delivery = std::move(delivery)](const absl::Status& committed) {
      done(committed.ok() ? delivery : committed);
    });
    return status;
  });
  if (!taken) done(Draining());
}

Notifier::Line* Notifier::FindLine(const std::string& target) {
  for (const auto& line : lines_) {
    if (line->target.name == target) return line.get();
  }
  return nullptr;
}

void Notifier::Run() {
  absl::Time cut_off_at = absl::InfiniteFuture();
  for (;;) {
    absl::Duration longest = (stopping_ ? cut_off_at : NextWake()) - options_.clock->Now();
    longest = std::clamp(longest, absl::ZeroDuration(), kLongestSleep);
    std::vector<Inbox::Task> tasks = inbox_->Take(longest, stopping_ ? Inbox::Until::kTask : Inbox::Until::kTaskOrStop);
    if (!stopping_ && inbox_->stopping()) {
      stopping_ = true;
      cut_off_at = options_.clock->Now() + options_.grace;
      for (const auto& line : lines_) Unwatch(*line);
    }
    absl::Status status = DoTasks(std::move(tasks));
    if (stopping_) {
      if (in_flight_ == 0) break;
      if (options_.clock->Now() < cut_off_at) continue;
      cut_off_at = absl::InfiniteFuture();
      options_.stop_carriers();
      continue;
    }
    if (status.ok()) status = Housekeeping();
    if (status.ok()) status = SendDue();
    if (!status.ok()) Break(status);
  }
  housekeeping_at_ = absl::InfinitePast();
  // A place that is not written costs a second look.
  Housekeeping().IgnoreError();
  // Also tests that were asked for.
  options_.stop_carriers();
  DoTasks(inbox_->Close()).IgnoreError();
}

absl::Status Notifier::Load() {
  SPOOL_RETURN_IF_ERROR(outbox_->Begin());
  for (const auto& line : lines_) SPOOL_RETURN_IF_ERROR(LoadLine(*line));
  SPOOL_RETURN_IF_ERROR(outbox_->Commit());
  load_at_ = absl::InfiniteFuture();
  for (const auto& line : lines_) {
    if (line->enabled()) Watch(*line);
  }
  return absl::OkStatus();
}

absl::Status Notifier::LoadLine(Line& line) {
  const store::LogRange range = feed_->Range();
  const std::string& name = line.target.name;
  SPOOL_ASSIGN_OR_RETURN(std::optional<Place> known, outbox_->FindPlace(name));
  if (!known.has_value()) {
    known.emplace();
    known->target = name;
    known->log_id = range.log_id;
    known->sequence = range.head;
  } else if (known->log_id != range.log_id || known->sequence > range.head) {
    // After a restore the sequences that it knows stand for other events, or for none yet.
    LogWarning("a restored store: a notification target goes on at the end of its log",
               {{"target", name}, {"sequence", range.head}});
    known->log_id = range.log_id;
    known->sequence = range.head;
  }
  if (known->url_digest != line.target.url_digest) known->disabled_reason.clear();
  known->url_digest = line.target.url_digest;
  SPOOL_RETURN_IF_ERROR(outbox_->SetPlace(*known));
  line.place = *std::move(known);
  line.place_moved = false;

  const absl::Time now = options_.clock->Now();
  SPOOL_ASSIGN_OR_RETURN(std::vector<absl::Time> taken, outbox_->DeliveredSince(name, now - absl::Hours(1)));
  line.schedule = line.target.make_schedule(std::move(taken));
  line.pending.clear();
  line.not_before = absl::InfinitePast();
  SPOOL_ASSIGN_OR_RETURN(const std::vector<v1::Delivery> pending, outbox_->Pending(name));
  for (const v1::Delivery& delivery : pending) {
    line.schedule->Add(delivery.id(), delivery.job_id(), FromProto(delivery.next_attempt_at()));
    line.pending.emplace(delivery.id(), delivery);
  }
  return absl::OkStatus();
}

void Notifier::Break(const absl::Status& why) {
  if (load_at_ == absl::InfiniteFuture()) {
    LogError("the outbox of notifications failed; it is read again", {{"error", why.ToString()}});
  }
  outbox_->Rollback();
  writing_ = false;
  for (AfterCommit& after : std::exchange(after_commit_, {})) after(why);
  ++epoch_;
  for (const auto& line : lines_) {
    Unwatch(*line);
    line->watch_at = absl::InfiniteFuture();
    line->schedule.reset();
    line->pending.clear();
    line->place_moved = false;
  }
  load_at_ = options_.clock->Now() + kPause;
}

absl::Status Notifier::DoTasks(std::vector<Inbox::Task> tasks) {
  // After a failure the rest is for nobody any more and only counted.
  for (Inbox::Task& task : tasks) {
    if (absl::Status status = task(); !status.ok()) Break(status);
  }
  if (load_at_ != absl::InfiniteFuture()) return absl::OkStatus();
  if (writing_) {
    writing_ = false;
    SPOOL_RETURN_IF_ERROR(outbox_->Commit());
  }
  for (AfterCommit& after : std::exchange(after_commit_, {})) after(absl::OkStatus());
  return absl::OkStatus();
}

absl::Status Notifier::Write() {
  if (writing_) return absl::OkStatus();
  SPOOL_RETURN_IF_ERROR(outbox_->Begin());
  writing_ = true;
  return absl::OkStatus();
}

void Notifier::Watch(Line& line) {
  line.watch_at = absl::InfiniteFuture();
  v1::WatchEventsRequest request;
  request.set_resume_token(feed::EncodeToken({line.place.log_id, line.place.sequence}));
  *request.mutable_filter() = line.target.filter;
  *request.mutable_heartbeat_interval() = ToProto(kHeartbeat);
  request.set_max_batch_events(std::min(kMaxBatchEvents, options_.window));
  line.watch = ++last_watch_;
  line.has_update = false;
  auto sink = std::make_shared<FeedSink>(
      inbox_, [this, &line, watch = line.watch](const feed::Update& update) { return OnUpdate(line, watch, update); },
      [this, &line, watch = line.watch](const absl::Status& why) { return OnEnd(line, watch, why); });
  absl::StatusOr<std::shared_ptr<feed::Subscription>> subscription = feed_->Watch(request, std::move(sink));
  if (subscription.ok()) {
    line.subscription = *std::move(subscription);
  } else {
    line.watch = 0;
    if (ErrorInfoOf(subscription.status()).reason() == "SERVER_DRAINING") return;
    line.watch_at = options_.clock->Now() + kPause;
  }
}

void Notifier::Unwatch(Line& line) {
  line.watch = 0;
  line.has_update = false;
  if (line.subscription != nullptr) line.subscription->Cancel();
  line.subscription.reset();
}

absl::Status Notifier::OnUpdate(Line& line, int64_t watch, const feed::Update& update) {
  if (watch != line.watch) return absl::OkStatus();
  SPOOL_ASSIGN_OR_RETURN(const v1::WatchEventsResponse response, ResponseOf(update));
  const absl::Time now = options_.clock->Now();
  for (const v1::Event& event : response.events()) {
    SPOOL_RETURN_IF_ERROR(Write());
    v1::Delivery delivery;
    delivery.set_target(line.target.name);
    delivery.set_event_id(EventId(line.place.log_id, event.sequence()));
    delivery.set_sequence(event.sequence());
    delivery.set_job_id(event.job_id());
    delivery.set_event_type(event.type());
    delivery.set_state(v1::DELIVERY_STATE_PENDING);
    *delivery.mutable_created_at() = ToProto(now);
    *delivery.mutable_next_attempt_at() = ToProto(now);
    SPOOL_RETURN_IF_ERROR(outbox_->Add(delivery, event));
    line.schedule->Add(delivery.id(), delivery.job_id(), now);
    line.pending.emplace(delivery.id(), std::move(delivery));
  }
  line.has_update = true;
  if (response.has_coverage() && response.coverage().through() != line.place.sequence) {
    line.place.sequence = response.coverage().through();
    if (response.events_size() > 0) {
      SPOOL_RETURN_IF_ERROR(outbox_->SetPlace(line.place));
      line.place_moved = false;
    } else if (!std::exchange(line.place_moved, true)) {
      housekeeping_at_ = std::min(housekeeping_at_, now + kPlaceDelay);
    }
  }
  after_commit_.push_back([this, &line, watch](const absl::Status& committed) {
    if (committed.ok() && watch == line.watch) AskOn(line);
  });
  return absl::OkStatus();
}

void Notifier::AskOn(Line& line) {
  if (!line.has_update || static_cast<int>(line.pending.size()) >= options_.window) return;
  line.has_update = false;
  line.subscription->OnSent();
}

absl::Status Notifier::OnEnd(Line& line, int64_t watch, const absl::Status& why) {
  if (watch != line.watch) return absl::OkStatus();
  Unwatch(line);
  const google::rpc::ErrorInfo info = ErrorInfoOf(why);
  if (info.reason() == "SERVER_DRAINING") return absl::OkStatus();
  line.watch_at = options_.clock->Now() + kPause;
  if (info.reason() == "EVENTS_COMPACTED") {
    const auto token = info.metadata().find("earliestResumeToken");
    const auto earliest = feed::DecodeToken(token == info.metadata().end() ? "" : token->second);
    if (earliest.ok() && earliest->sequence > line.place.sequence) {
      LogError("retention removed events before a notification target was told of them",
               {{"target", line.target.name}, {"from", line.place.sequence + 1}, {"through", earliest->sequence}});
      line.place.lost_from = line.place.sequence + 1;
      line.place.lost_through = earliest->sequence;
      line.place.sequence = earliest->sequence;
      SPOOL_RETURN_IF_ERROR(Write());
      SPOOL_RETURN_IF_ERROR(outbox_->SetPlace(line.place));
      line.watch_at = options_.clock->Now();
      return absl::OkStatus();
    }
  }
  LogWarning("a notification target's subscription ended; it is opened again",
             {{"target", line.target.name}, {"error", why.ToString()}});
  return absl::OkStatus();
}

absl::Status Notifier::SendDue() {
  if (load_at_ != absl::InfiniteFuture()) {
    return load_at_ <= options_.clock->Now() && in_flight_ == 0 ? Load() : absl::OkStatus();
  }
  const absl::Time now = options_.clock->Now();
  for (const auto& owned : lines_) {
    Line& line = *owned;
    if (line.watch_at <= now && line.enabled()) Watch(line);
    if (!line.enabled() || now < line.not_before) continue;
    for (std::vector<int64_t> ids = line.schedule->Take(now); !ids.empty(); ids = line.schedule->Take(now)) {
      std::vector<Parcel> parcels;
      for (const int64_t id : ids) {
        SPOOL_ASSIGN_OR_RETURN(v1::Event event, outbox_->EventOf(id));
        parcels.push_back({line.pending.at(id).event_id(), std::move(event)});
      }
      ++in_flight_;
      line.target.carrier->Carry(std::move(parcels),
                                 [this, &line, inbox = inbox_, epoch = epoch_, ids](Outcome outcome) {
                                   inbox->Put([this, &line, epoch, ids, outcome = std::move(outcome)] {
                                     return OnOutcome(line, epoch, ids, outcome);
                                   });
                                 });
    }
  }
  return absl::OkStatus();
}

absl::Status Notifier::OnOutcome(Line& line, int64_t epoch, const std::vector<int64_t>& ids, const Outcome& outcome) {
  --in_flight_;
  if (epoch != epoch_) return absl::OkStatus();
  const absl::Time now = options_.clock->Now();
  if (outcome.kind == Outcome::Kind::kCancelled) {
    for (const int64_t id : ids) line.schedule->PutBack(id, now);
    return absl::OkStatus();
  }
  if (outcome.kind == Outcome::Kind::kDelivered) Pass(FailPoint::kBeforeRecord);
  SPOOL_RETURN_IF_ERROR(Write());
  std::vector<int64_t> taken;
  for (const int64_t id : ids) {
    v1::Delivery& delivery = line.pending.at(id);
    SPOOL_RETURN_IF_ERROR(Record(line, delivery, outcome, now));
    if (delivery.state() == v1::DELIVERY_STATE_PENDING) {
      line.schedule->PutBack(id, FromProto(delivery.next_attempt_at()));
      continue;
    }
    if (delivery.state() == v1::DELIVERY_STATE_FAILED) {
      line.schedule->Done({id}, Schedule::End::kGivenUp, now);
    } else {
      taken.push_back(id);
    }
    line.pending.erase(id);
  }
  if (!taken.empty()) line.schedule->Done(taken, Schedule::End::kDelivered, now);
  if ((outcome.code == kTooManyRequests || outcome.code == kServiceUnavailable) && outcome.retry_after.has_value()) {
    // It speaks of itself, not of one event.
    line.not_before = now + std::min(*outcome.retry_after, kMaxRetryAfter);
  }
  if (outcome.kind == Outcome::Kind::kGone) SPOOL_RETURN_IF_ERROR(Disable(line, outcome.error));
  after_commit_.push_back([this, &line](const absl::Status& committed) {
    if (committed.ok()) AskOn(line);
  });
  return absl::OkStatus();
}

absl::Status Notifier::Record(Line& line, v1::Delivery& delivery, const Outcome& outcome, absl::Time now) {
  delivery.set_attempts(delivery.attempts() + 1);
  delivery.set_response_code(outcome.code);
  delivery.set_error(outcome.error);
  delivery.set_response_excerpt(outcome.excerpt);
  *delivery.mutable_attempted_at() = ToProto(now);
  if (outcome.kind == Outcome::Kind::kDelivered) {
    delivery.set_state(v1::DELIVERY_STATE_DELIVERED);
  } else if (outcome.kind == Outcome::Kind::kGone) {
    // For when it is enabled again.
    *delivery.mutable_next_attempt_at() = ToProto(now);
  } else {
    const std::optional<absl::Duration> delay =
        RetryDelay(line.target.retry_policy, delivery.attempts(), outcome.retry_after, options_.random());
    if (delay.has_value()) {
      *delivery.mutable_next_attempt_at() = ToProto(now + *delay);
    } else {
      delivery.set_state(v1::DELIVERY_STATE_FAILED);
      if (now - line.warned_at > kLogEvery) {
        line.warned_at = now;
        LogWarning("a notification was given up; `spool notify deliveries` lists them",
                   {{"target", line.target.name}, {"delivery", delivery.id()}, {"error", outcome.error}});
      }
    }
  }
  if (delivery.state() != v1::DELIVERY_STATE_PENDING) {
    *delivery.mutable_finished_at() = ToProto(now);
    delivery.clear_next_attempt_at();
  }
  return outbox_->Update(delivery);
}

absl::StatusOr<v1::Delivery> Notifier::OnRedeliver(int64_t id) {
  if (stopping_) return Draining();
  if (load_at_ != absl::InfiniteFuture()) {
    return WithRetryDelay(Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE", "the outbox cannot be written"),
                          kPause);
  }
  SPOOL_ASSIGN_OR_RETURN(v1::Delivery delivery, outbox_->Find(id));
  Line* const line = FindLine(delivery.target());
  if (line == nullptr) return NoTarget(delivery.target());
  if (!line->enabled()) {
    return Error(absl::StatusCode::kFailedPrecondition, "TARGET_DISABLED",
                 absl::StrCat("target ", delivery.target(), " is disabled: ", line->place.disabled_reason));
  }
  const absl::Time now = options_.clock->Now();
  SPOOL_RETURN_IF_ERROR(Write());
  if (delivery.state() != v1::DELIVERY_STATE_PENDING) {
    delivery.set_state(v1::DELIVERY_STATE_PENDING);
    delivery.set_attempts(0);
    delivery.clear_finished_at();
    line->schedule->Add(id, delivery.job_id(), now);
  }
  *delivery.mutable_next_attempt_at() = ToProto(now);
  SPOOL_RETURN_IF_ERROR(outbox_->Update(delivery));
  line->pending[id] = delivery;
  line->schedule->MakeDue(id);
  line->not_before = absl::InfinitePast();
  return delivery;
}

absl::Status Notifier::Disable(Line& line, const std::string& why) {
  if (!line.enabled()) return absl::OkStatus();
  LogWarning("a notification target is gone: it is disabled", {{"target", line.target.name}, {"why", why}});
  Unwatch(line);
  line.watch_at = absl::InfiniteFuture();
  line.place.disabled_reason = why;
  SPOOL_RETURN_IF_ERROR(Write());
  return outbox_->SetPlace(line.place);
}

absl::Status Notifier::Enable(Line& line) {
  if (line.enabled() || stopping_ || load_at_ != absl::InfiniteFuture()) return absl::OkStatus();
  LogInfo("a notification target is enabled again", {{"target", line.target.name}});
  line.place.disabled_reason.clear();
  line.watch_at = absl::InfinitePast();
  SPOOL_RETURN_IF_ERROR(Write());
  return outbox_->SetPlace(line.place);
}

absl::Status Notifier::Housekeeping() {
  const absl::Time now = options_.clock->Now();
  if (now < housekeeping_at_ || load_at_ != absl::InfiniteFuture()) return absl::OkStatus();
  SPOOL_RETURN_IF_ERROR(outbox_->Begin());
  for (const auto& line : lines_) {
    if (std::exchange(line->place_moved, false)) SPOOL_RETURN_IF_ERROR(outbox_->SetPlace(line->place));
  }
  SPOOL_ASSIGN_OR_RETURN(const bool more, outbox_->Trim(now - options_.retain_for, options_.retain_count));
  housekeeping_at_ = now + (more ? kPlaceDelay : kTrimEvery);
  return outbox_->Commit();
}

absl::Time Notifier::NextWake() const {
  if (load_at_ != absl::InfiniteFuture()) return in_flight_ == 0 ? load_at_ : absl::InfiniteFuture();
  absl::Time wake = housekeeping_at_;
  const absl::Time now = options_.clock->Now();
  for (const auto& line : lines_) {
    if (!line->enabled()) continue;
    wake = std::min({wake, line->watch_at, std::max(line->schedule->NextDue(now), line->not_before)});
  }
  return wake;
}

}  // namespace spool::notify
