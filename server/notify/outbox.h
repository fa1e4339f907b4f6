// What is to be told and what came of it, on disk: each target's place in the log and its deliveries.

#ifndef SPOOL_SERVER_NOTIFY_OUTBOX_H_
#define SPOOL_SERVER_NOTIFY_OUTBOX_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "server/sqlite/database.h"
#include "spool/v1/event.pb.h"
#include "spool/v1/notification.pb.h"
#include "spool/v1/notification_service.pb.h"

namespace spool::notify {

// A target's place. Everything of the log up to `sequence` is in the outbox, as far as it matches.
struct Place {
  std::string target;
  uint64_t log_id = 0;
  int64_t sequence = 0;
  // Why nothing is sent; empty: it is.
  std::string disabled_reason;
  // SHA-256 of the target's URL, by which a changed one is noticed; the URL itself may hold a secret.
  std::string url_digest;
  // Sequences that were never seen, the latest such stretch; 0: none.
  int64_t lost_from = 0;
  int64_t lost_through = 0;
};

// Not thread-safe. Errors are those of sqlite/error.h; after one nothing of the open transaction stays.
class Outbox {
 public:
  // Makes the file if it is missing. DataLoss if it is damaged.
  static absl::StatusOr<std::unique_ptr<Outbox>> Open(const std::string& path);

  // Changes between Begin and Commit become durable together.
  absl::Status Begin();
  absl::Status Commit();
  void Rollback() { transaction_.reset(); }

  absl::StatusOr<std::optional<Place>> FindPlace(const std::string& target);
  absl::Status SetPlace(const Place& place);

  // Stores a new delivery; gives it its id.
  absl::Status Add(v1::Delivery& delivery, const v1::Event& event);
  absl::Status Update(const v1::Delivery& delivery);
  // NotFound.
  absl::StatusOr<v1::Delivery> Find(int64_t id);
  absl::StatusOr<v1::Event> EventOf(int64_t id);
  // In the order of their ids.
  absl::StatusOr<std::vector<v1::Delivery>> Pending(const std::string& target);
  // Distinct times at which deliveries of the target were taken, after `since`, in order.
  absl::StatusOr<std::vector<absl::Time>> DeliveredSince(const std::string& target, absl::Time since);
  // Forgets finished deliveries that ended before `before`, and the oldest beyond `most`; some at a time. True: there
  // may be more.
  absl::StatusOr<bool> Trim(absl::Time before, int64_t most);

 private:
  explicit Outbox(sqlite::Database database) : database_(std::move(database)) {}
  absl::Status Prepare();

  sqlite::Database database_;
  std::optional<sqlite::Transaction> transaction_;
  sqlite::Statement find_place_, set_place_, add_, update_, find_, event_of_, pending_, delivered_since_, count_, trim_;
};

// The same file for callers. Thread-safe.
class OutboxReader {
 public:
  // After Outbox::Open.
  static absl::StatusOr<std::unique_ptr<OutboxReader>> Open(const std::string& path);

  // Newest first, at most `most`, with ids less than `before` (0: all).
  absl::StatusOr<std::vector<v1::Delivery>> List(const v1::DeliveryFilter& filter, int64_t before, int most)
      ABSL_LOCKS_EXCLUDED(mu_);
  struct Standing {
    std::optional<Place> place;
    int64_t pending = 0;
  };
  absl::StatusOr<Standing> StandingOf(const std::string& target) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  explicit OutboxReader(sqlite::Database database) : database_(std::move(database)) {}
  absl::Status Prepare();

  Mutex mu_;
  sqlite::Database database_ ABSL_GUARDED_BY(mu_);
  sqlite::Statement list_ ABSL_GUARDED_BY(mu_), find_place_ ABSL_GUARDED_BY(mu_), count_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spool::notify

#endif  // SPOOL_SERVER_NOTIFY_OUTBOX_H_
