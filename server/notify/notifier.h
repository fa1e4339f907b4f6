// Tells targets what happens to jobs: at least once, in order for a job, and on from there after a crash.
//
// Each target has a subscription of the feed. What it brings goes into the outbox together with the place in the log
// that it leads to, as one transaction; only then is the next asked for. What is in the outbox is sent when the
// target's Schedule says so, and stays pending until its outcome is recorded. So a crash at any moment repeats at most
// what was under way. A target that does not keep up has its subscription wait; the log keeps what follows.

#ifndef SPOOL_SERVER_NOTIFY_NOTIFIER_H_
#define SPOOL_SERVER_NOTIFY_NOTIFIER_H_

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/feed/event_feed.h"
#include "server/notify/carrier.h"
#include "server/notify/inbox.h"
#include "server/notify/outbox.h"
#include "server/notify/schedule.h"
#include "spool/v1/notification.pb.h"
#include "spool/v1/notification_service.pb.h"

namespace spool::notify {

// One that is told.
struct Target {
  std::string name;
  v1::NotificationTargetType type = v1::NOTIFICATION_TARGET_TYPE_UNSPECIFIED;
  std::string destination;  // without secrets
  std::string url_digest;   // one that is disabled is enabled again when this changes
  v1::EventFilter filter;
  v1::RetryPolicy retry_policy;  // all fields set
  std::unique_ptr<Carrier> carrier;
  // An empty schedule; given the times of the last hour at which the target took something.
  std::function<std::unique_ptr<Schedule>(std::vector<absl::Time> taken)> make_schedule;
};

struct NotifierOptions {
  std::string path;  // of the outbox
  absl::Duration retain_for = absl::Hours(24 * 7);
  int64_t retain_count = 100000;
  // Pending deliveries of one target, above which its subscription waits.
  int window = 1000;
  // How long Stop waits for what is under way before it cuts it off.
  absl::Duration grace = absl::Seconds(2);
  const Clock* clock = Clock::Real();
  // In [0, 1).
  std::function<double()> random;
  // Has all carriers end what they carry, and everything later, with kCancelled.
  std::function<void()> stop_carriers;
};

// Thread-safe.
class Notifier {
 public:
  // Begins to tell. A target that is new is told of what follows the log's end as of now, which is durable on return.
  // `feed` outlives it, and is stopped before it goes. Errors are the outbox's.
  static absl::StatusOr<std::unique_ptr<Notifier>> Open(feed::EventFeed* feed, std::vector<Target> targets,
                                                        NotifierOptions options);
  // As Stop.
  ~Notifier();

  // These wait for the disk.
  absl::StatusOr<v1::ListTargetsResponse> ListTargets();
  // Newest first, at most `most`, with ids less than `before` (0: all).
  absl::StatusOr<std::vector<v1::Delivery>> ListDeliveries(const v1::DeliveryFilter& filter, int64_t before, int most);

  // As NotificationService has them; `done` is called exactly once, on any thread, maybe before they return.
  void SendTest(const std::string& target, std::function<void(absl::StatusOr<v1::SendTestResponse>)> done);
  void Redeliver(int64_t id, std::function<void(absl::StatusOr<v1::Delivery>)> done);

  // Sends no more, records what is under way, and ends. Idempotent, from one thread.
  void Stop();

 private:
  struct Line;
  // What waits for the commit of the transaction that it was part of; told how that ended.
  using AfterCommit = absl::AnyInvocable<void(const absl::Status&)>;

  Notifier(feed::EventFeed* feed, std::vector<Target> targets, NotifierOptions options, std::unique_ptr<Outbox> outbox,
           std::unique_ptr<OutboxReader> reader);

  Line* FindLine(const std::string& target);
  // Everything below is the thread's.
  void Run();
  // Reads the lines from the outbox, as at the start.
  absl::Status Load();
  absl::Status LoadLine(Line& line);
  // The outbox failed: forgets all that is in memory, and loads it again later.
  void Break(const absl::Status& why);
  absl::Status DoTasks(std::vector<Inbox::Task> tasks);
  absl::Status Write();
  void Watch(Line& line);
  void Unwatch(Line& line);
  absl::Status OnUpdate(Line& line, int64_t watch, const feed::Update& update);
  absl::Status OnEnd(Line& line, int64_t watch, const absl::Status& why);
  absl::Status OnOutcome(Line& line, int64_t epoch, const std::vector<int64_t>& ids, const Outcome& outcome);
  absl::Status Record(Line& line, v1::Delivery& delivery, const Outcome& outcome, absl::Time now);
  absl::StatusOr<v1::Delivery> OnRedeliver(int64_t id);
  absl::Status Disable(Line& line, const std::string& why);
  absl::Status Enable(Line& line);
  absl::Status SendDue();
  absl::Status Housekeeping();
  // Lets the feed bring more if there is room.
  void AskOn(Line& line);
  absl::Time NextWake() const;

  feed::EventFeed* const feed_;
  const NotifierOptions options_;
  const std::unique_ptr<Outbox> outbox_;
  const std::unique_ptr<OutboxReader> reader_;
  const std::shared_ptr<Inbox> inbox_;
  std::vector<std::unique_ptr<Line>> lines_;

  std::vector<AfterCommit> after_commit_;
  bool writing_ = false;
  // Grows when memory is forgotten: outcomes of before are not this memory's.
  int64_t epoch_ = 0;
  // Subscriptions are numbered: what one that was ended still brings is passed over.
  int64_t last_watch_ = 0;
  int in_flight_ = 0;
  bool stopping_ = false;
  // While it is in the future or something is in flight, nothing is loaded.
  absl::Time load_at_ = absl::InfiniteFuture();
  absl::Time housekeeping_at_ = absl::InfinitePast();
  std::thread thread_;
};

}  // namespace spool::notify

#endif  // SPOOL_SERVER_NOTIFY_NOTIFIER_H_
