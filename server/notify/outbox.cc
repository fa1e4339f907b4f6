#include "server/notify/outbox.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/errors.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"

namespace spool::notify {
namespace {

// The file is looked through at the start unless it is larger.
constexpr int64_t kMaxCheckedBytes = int64_t{64} << 20;
constexpr int kTrimAtOnce = 1000;

// Numbers of `state` are those of spool.v1.DeliveryState; times are microseconds since 1970. What the columns of a
// delivery say stands in `record` (a spool.v1.Delivery) too: they are there to be searched by.
constexpr const char* kMigrations[] = {
    R"sql(
CREATE TABLE places (
  target          TEXT    PRIMARY KEY NOT NULL,
  log_id          INTEGER NOT NULL,
  sequence        INTEGER NOT NULL CHECK (sequence >= 0),
  disabled_reason TEXT    NOT NULL,                        -- empty: it is told
  url_digest      BLOB    NOT NULL,
  lost_from       INTEGER NOT NULL,
  lost_through    INTEGER NOT NULL
) STRICT;
CREATE TABLE deliveries (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,           -- order of the log; never used twice
  target      TEXT    NOT NULL,
  job_id      TEXT    NOT NULL,
  state       INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
  finished_at INTEGER CHECK ((finished_at IS NOT NULL) = (state >= 2)),
  record      BLOB    NOT NULL,
  event       BLOB    NOT NULL
) STRICT;
CREATE INDEX deliveries_pending  ON deliveries (target, id)          WHERE state = 1;
CREATE INDEX deliveries_finished ON deliveries (finished_at)         WHERE finished_at IS NOT NULL;
CREATE INDEX deliveries_taken    ON deliveries (target, finished_at) WHERE state = 2;
)sql",
};

template <typename Message>
absl::StatusOr<Message> Parsed(absl::string_view bytes) {
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Error(absl::StatusCode::kDataLoss, "STORE_CORRUPT", "a stored delivery is unreadable");
  }
  return message;
}

absl::StatusOr<std::vector<v1::Delivery>> AllRows(sqlite::Statement& statement) {
  const sqlite::ScopedReset reset(statement);
  std::vector<v1::Delivery> deliveries;
  for (;;) {
    SPOOL_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return deliveries;
    SPOOL_ASSIGN_OR_RETURN(v1::Delivery delivery, Parsed<v1::Delivery>(statement.Bytes(1)));
    delivery.set_id(statement.Int(0));
    deliveries.push_back(std::move(delivery));
  }
}

absl::Status NoDelivery(int64_t id) {
  return WithResource(
      Error(absl::StatusCode::kNotFound, "DELIVERY_NOT_FOUND", absl::StrCat("there is no delivery ", id)),
      "spool.v1.Delivery", absl::StrCat(id));
}

void BindFinish(sqlite::Statement& statement, int index, const v1::Delivery& delivery) {
  if (delivery.has_finished_at()) {
    statement.Bind(index, absl::ToUnixMicros(FromProto(delivery.finished_at())));
  } else {
    statement.BindNull(index);
  }
}

constexpr char kFindPlace[] = R"sql(
SELECT log_id, sequence, disabled_reason, url_digest, lost_from, lost_through FROM places WHERE target = ?1
)sql";

absl::StatusOr<std::optional<Place>> PlaceOf(sqlite::Statement& statement, const std::string& target) {
  const sqlite::ScopedReset reset(statement);
  statement.BindText(1, target);
  SPOOL_ASSIGN_OR_RETURN(const bool found, statement.Step());
  if (!found) return std::nullopt;
  Place place;
  place.target = target;
  place.log_id = static_cast<uint64_t>(statement.Int(0));
  place.sequence = statement.Int(1);
  place.disabled_reason = std::string(statement.Bytes(2));
  place.url_digest = std::string(statement.Bytes(3));
  place.lost_from = statement.Int(4);
  place.lost_through = statement.Int(5);
  return place;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Outbox>> Outbox::Open(const std::string& path) {
  SPOOL_ASSIGN_OR_RETURN(sqlite::Database database, sqlite::Database::Open(path, sqlite::Database::Mode::kReadWrite));
  SPOOL_RETURN_IF_ERROR(database.CheckIntegrity(kMaxCheckedBytes));
  SPOOL_RETURN_IF_ERROR(database.Migrate(kMigrations));
  auto outbox = std::unique_ptr<Outbox>(new Outbox(std::move(database)));
  SPOOL_RETURN_IF_ERROR(outbox->Prepare());
  return outbox;
}

absl::Status Outbox::Prepare() {
  SPOOL_ASSIGN_OR_RETURN(find_place_, database_.Prepare(kFindPlace));
  SPOOL_ASSIGN_OR_RETURN(set_place_, database_.Prepare(R"sql(
INSERT INTO places (target, log_id, sequence, disabled_reason, url_digest, lost_from, lost_through)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (target) DO UPDATE SET log_id = ?2, sequence = ?3, disabled_reason = ?4, url_digest = ?5, lost_from = ?6,
                                   lost_through = ?7
)sql"));
  SPOOL_ASSIGN_OR_RETURN(add_, database_.Prepare(R"sql(
INSERT INTO deliveries (target, job_id, state, finished_at, record, event) VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id
)sql"));
  SPOOL_ASSIGN_OR_RETURN(update_, database_.Prepare(R"sql(
UPDATE deliveries SET state = ?2, finished_at = ?3, record = ?4 WHERE id = ?1
)sql"));
  SPOOL_ASSIGN_OR_RETURN(find_, database_.Prepare("SELECT id, record FROM deliveries WHERE id = ?1"));
  SPOOL_ASSIGN_OR_RETURN(event_of_, database_.Prepare("SELECT event FROM deliveries WHERE id = ?1"));
  SPOOL_ASSIGN_OR_RETURN(pending_, database_.Prepare(R"sql(
SELECT id, record FROM deliveries WHERE target = ?1 AND state = 1 ORDER BY id
)sql"));
  SPOOL_ASSIGN_OR_RETURN(delivered_since_, database_.Prepare(R"sql(
SELECT DISTINCT finished_at FROM deliveries WHERE target = ?1 AND state = 2 AND finished_at > ?2 ORDER BY finished_at
)sql"));
  SPOOL_ASSIGN_OR_RETURN(count_, database_.Prepare("SELECT count(*) FROM deliveries WHERE finished_at IS NOT NULL"));
  SPOOL_ASSIGN_OR_RETURN(trim_, database_.Prepare(R"sql(
DELETE FROM deliveries WHERE id IN (
  SELECT id FROM deliveries WHERE finished_at IS NOT NULL AND finished_at < ?1 ORDER BY finished_at LIMIT ?2)
)sql"));
  return absl::OkStatus();
}

absl::Status Outbox::Begin() {
  SPOOL_ASSIGN_OR_RETURN(sqlite::Transaction transaction,
                         sqlite::Transaction::Begin(database_, sqlite::Transaction::Kind::kWrite));
  transaction_.emplace(std::move(transaction));
  return absl::OkStatus();
}

absl::Status Outbox::Commit() {
  const absl::Status status = transaction_->Commit();
  transaction_.reset();
  return status;
}

absl::StatusOr<std::optional<Place>> Outbox::FindPlace(const std::string& target) {
  return PlaceOf(find_place_, target);
}

absl::Status Outbox::SetPlace(const Place& place) {
  const sqlite::ScopedReset reset(set_place_);
  return set_place_.BindText(1, place.target)
      .Bind(2, static_cast<int64_t>(place.log_id))
      .Bind(3, place.sequence)
      .BindText(4, place.disabled_reason)
      .BindBlob(5, place.url_digest)
      .Bind(6, place.lost_from)
      .Bind(7, place.lost_through)
      .Run();
}

absl::Status Outbox::Add(v1::Delivery& delivery, const v1::Event& event) {
  const sqlite::ScopedReset reset(add_);
  add_.BindText(1, delivery.target()).BindText(2, delivery.job_id()).Bind(3, static_cast<int>(delivery.state()));
  BindFinish(add_, 4, delivery);
  add_.BindBlob(5, delivery.SerializeAsString()).BindBlob(6, event.SerializeAsString());
  SPOOL_ASSIGN_OR_RETURN(const bool row, add_.Step());
  if (!row) return absl::InternalError("a new delivery has no id");
  delivery.set_id(add_.Int(0));
  return absl::OkStatus();
}

absl::Status Outbox::Update(const v1::Delivery& delivery) {
  const sqlite::ScopedReset reset(update_);
  update_.Bind(1, delivery.id()).Bind(2, static_cast<int>(delivery.state()));
  BindFinish(update_, 3, delivery);
  return update_.BindBlob(4, delivery.SerializeAsString()).Run();
}

absl::StatusOr<v1::Delivery> Outbox::Find(int64_t id) {
  find_.Bind(1, id);
  SPOOL_ASSIGN_OR_RETURN(const std::vector<v1::Delivery> found, AllRows(find_));
  if (found.empty()) return NoDelivery(id);
  return found.front();
}

absl::StatusOr<v1::Event> Outbox::EventOf(int64_t id) {
  const sqlite::ScopedReset reset(event_of_);
  event_of_.Bind(1, id);
  SPOOL_ASSIGN_OR_RETURN(const bool found, event_of_.Step());
  if (!found) return NoDelivery(id);
  return Parsed<v1::Event>(event_of_.Bytes(0));
}

absl::StatusOr<std::vector<v1::Delivery>> Outbox::Pending(const std::string& target) {
  pending_.BindText(1, target);
  return AllRows(pending_);
}

absl::StatusOr<std::vector<absl::Time>> Outbox::DeliveredSince(const std::string& target, absl::Time since) {
  const sqlite::ScopedReset reset(delivered_since_);
  delivered_since_.BindText(1, target).Bind(2, absl::ToUnixMicros(since));
  std::vector<absl::Time> times;
  for (;;) {
    SPOOL_ASSIGN_OR_RETURN(const bool row, delivered_since_.Step());
    if (!row) return times;
    times.push_back(absl::FromUnixMicros(delivered_since_.Int(0)));
  }
}

absl::StatusOr<bool> Outbox::Trim(absl::Time before, int64_t most) {
  const sqlite::ScopedReset reset_count(count_), reset_trim(trim_);
  SPOOL_ASSIGN_OR_RETURN(const bool counted, count_.Step());
  const int64_t excess = counted ? count_.Int(0) - most : 0;
  count_.Reset();
  SPOOL_RETURN_IF_ERROR(trim_.Bind(1, absl::ToUnixMicros(before)).Bind(2, kTrimAtOnce).Run());
  const int64_t aged = trim_.Changes();
  trim_.Reset();
  int64_t crowded = 0;
  if (excess > aged) {
    const int64_t beyond = std::min<int64_t>(excess - aged, kTrimAtOnce);
    SPOOL_RETURN_IF_ERROR(trim_.Bind(1, absl::ToUnixMicros(absl::InfiniteFuture())).Bind(2, beyond).Run());
    crowded = trim_.Changes();
  }
  return aged == kTrimAtOnce || crowded == kTrimAtOnce;
}

absl::StatusOr<std::unique_ptr<OutboxReader>> OutboxReader::Open(const std::string& path) {
  SPOOL_ASSIGN_OR_RETURN(sqlite::Database database, sqlite::Database::Open(path, sqlite::Database::Mode::kReadOnly));
  auto reader = std::unique_ptr<OutboxReader>(new OutboxReader(std::move(database)));
  SPOOL_RETURN_IF_ERROR(reader->Prepare());
  return reader;
}

absl::Status OutboxReader::Prepare() {
  MutexLock lock(&mu_);
  // Goes through them one by one: retention keeps them few.
  SPOOL_ASSIGN_OR_RETURN(list_, database_.Prepare(R"sql(
SELECT id, record FROM deliveries
 WHERE id < ?1 AND (?2 = '' OR target = ?2) AND (?3 = '' OR job_id = ?3) AND (?4 = 0 OR (?4 >> state) & 1)
 ORDER BY id DESC LIMIT ?5
)sql"));
  SPOOL_ASSIGN_OR_RETURN(find_place_, database_.Prepare(kFindPlace));
  SPOOL_ASSIGN_OR_RETURN(count_, database_.Prepare("SELECT count(*) FROM deliveries WHERE target = ?1 AND state = 1"));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Delivery>> OutboxReader::List(const v1::DeliveryFilter& filter, int64_t before,
                                                             int most) {
  int64_t states = 0;
  for (const int state : filter.states()) states |= int64_t{1} << state;
  MutexLock lock(&mu_);
  list_.Bind(1, before == 0 ? INT64_MAX : before)
      .BindText(2, filter.target())
      .BindText(3, filter.job_id())
      .Bind(4, states)
      .Bind(5, most);
  return AllRows(list_);
}

absl::StatusOr<OutboxReader::Standing> OutboxReader::StandingOf(const std::string& target) {
  MutexLock lock(&mu_);
  Standing standing;
  SPOOL_ASSIGN_OR_RETURN(standing.place, PlaceOf(find_place_, target));
  const sqlite::ScopedReset reset(count_);
  count_.BindText(1, target);
  SPOOL_ASSIGN_OR_RETURN(const bool counted, count_.Step());
  if (counted) standing.pending = count_.Int(0);
  return standing;
}

}  // namespace spool::notify
