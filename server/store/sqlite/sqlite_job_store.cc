#include "server/store/sqlite/sqlite_job_store.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/errors.h"
#include "server/base/failpoint.h"
#include "server/base/mutex.h"
#include "server/base/posix_error.h"
#include "server/base/status_macros.h"
#include "server/base/unique_fd.h"

namespace spool::store {
namespace {

// Jobs written by one transaction at most: some 10 ms, the longest that a caller waits for others.
constexpr int kMaxBatchWeight = 10000;

// What a caller is told when the medium failed. Where it has no details yet, they are added here.
absl::Status MediumError(const absl::Status& status) {
  if (!ErrorInfoOf(status).reason().empty()) return status;
  switch (status.code()) {
    case absl::StatusCode::kResourceExhausted:
      return WithRetryDelay(Error(status.code(), "OUT_OF_SPACE", status.message()), absl::Seconds(5));
    case absl::StatusCode::kDataLoss:
      return Error(status.code(), "STORE_CORRUPT", status.message());
    case absl::StatusCode::kOutOfRange:
      return status;
    default:
      return WithRetryDelay(Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE", status.message()),
                            absl::Seconds(1));
  }
}

template <typename T>
absl::StatusOr<T> OrMediumError(absl::StatusOr<T> result) {
  if (result.ok()) return result;
  return MediumError(result.status());
}

// Once it returns, the file is there after a loss of power too: without it a start would give the log a new identity.
absl::Status WriteDurably(const std::string& path, const std::string& text) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const bool written = file.valid() && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!written || fsync(file.get()) != 0) return PosixError(errno, absl::StrCat("write ", path));
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  const UniqueFd entries(open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!entries.valid() || fsync(entries.get()) != 0) return PosixError(errno, absl::StrCat("sync ", folder));
  return absl::OkStatus();
}

}  // namespace

template <typename T, typename Work>
class SqliteJobStore::TypedOperation : public Operation {
 public:
  TypedOperation(int weight, Work work, Done<T> done)
      : weight_(weight), work_(std::move(work)), done_(std::move(done)) {}
  int weight() const override { return weight_; }
  void Apply(Writer& writer) override { result_ = work_(writer); }
  void Answer(const absl::Status& commit) override {
    std::move(done_)(commit.ok() ? std::move(result_) : absl::StatusOr<T>(MediumError(commit)));
  }

 private:
  const int weight_;
  Work work_;
  Done<T> done_;
  absl::StatusOr<T> result_ = absl::UnknownError("not applied");
};

class SqliteJobStore::BorrowedReader {
 public:
  explicit BorrowedReader(SqliteJobStore* store) : store_(store) {
    MutexLock lock(&store_->readers_mu_);
    store_->readers_mu_.Await(Condition(
        +[](std::vector<std::unique_ptr<Reader>>* idle) { return !idle->empty(); }, &store_->idle_readers_));
    reader_ = std::move(store_->idle_readers_.back());
    store_->idle_readers_.pop_back();
  }
  ~BorrowedReader() {
    MutexLock lock(&store_->readers_mu_);
    store_->idle_readers_.push_back(std::move(reader_));
  }
  Reader* operator->() { return reader_.get(); }

 private:
  SqliteJobStore* const store_;
  std::unique_ptr<Reader> reader_;
};

absl::StatusOr<std::unique_ptr<SqliteJobStore>> SqliteJobStore::Open(const SqliteOptions& options) {
  std::unique_ptr<SqliteJobStore> store(new SqliteJobStore(options));
  SPOOL_ASSIGN_OR_RETURN(store->writer_,
                         Writer::Open(options.path, options.clock, options.max_waiting_jobs, &store->index_));
  SPOOL_RETURN_IF_ERROR(store->SettleLogId());
  for (int recovered = 1; recovered > 0;) {
    SPOOL_RETURN_IF_ERROR(store->writer_->Begin());
    SPOOL_ASSIGN_OR_RETURN(recovered, store->writer_->RecoverInterrupted(kMaxBatchWeight));
    SPOOL_RETURN_IF_ERROR(store->writer_->Commit().status());
  }
  store->Publish(store->writer_->committed());
  for (int i = 0; i < options.readers; ++i) {
    SPOOL_ASSIGN_OR_RETURN(std::unique_ptr<Reader> reader, Reader::Open(options.path, &store->index_));
    MutexLock lock(&store->readers_mu_);
    store->idle_readers_.push_back(std::move(reader));
  }
  store->thread_ = std::thread([raw = store.get()] { raw->WriterLoop(); });
  return store;
}

absl::Status SqliteJobStore::SettleLogId() {
  const std::string path = options_.path + "-log_id";
  const auto text = [this] { return absl::StrFormat("%016x\n", static_cast<uint64_t>(writer_->committed().log_id)); };
  std::string here;
  {
    std::ifstream file(path);
    here.assign(std::istreambuf_iterator<char>(file), {});
  }
  if (here == text()) return absl::OkStatus();
  SPOOL_RETURN_IF_ERROR(writer_->Begin());
  writer_->RenewLogId();
  SPOOL_RETURN_IF_ERROR(writer_->Commit().status());
  // After a crash in between the next start does it again: nobody has been given a token yet.
  return WriteDurably(path, text());
}

SqliteJobStore::~SqliteJobStore() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void SqliteJobStore::AddListener(CommitListener* listener) { listeners_.push_back(listener); }

template <typename T, typename Work>
void SqliteJobStore::Submit(int weight, Work work, Done<T> done) {
  auto operation = std::make_unique<TypedOperation<T, Work>>(weight, std::move(work), std::move(done));
  MutexLock lock(&mu_);
  waiting_.push_back(std::move(operation));
}

void SqliteJobStore::WriterLoop() {
  for (;;) {
    std::vector<std::unique_ptr<Operation>> batch;
    {
      MutexLock lock(&mu_);
      mu_.Await(Condition(
          +[](SqliteJobStore* store)
               ABSL_NO_THREAD_SAFETY_ANALYSIS { return store->stopping_ || !store->waiting_.empty(); },
          this));
      if (waiting_.empty()) return;
      for (int weight = 0; !waiting_.empty() && weight < kMaxBatchWeight; waiting_.pop_front()) {
        weight += waiting_.front()->weight();
        batch.push_back(std::move(waiting_.front()));
      }
    }
    CommitTogether(std::move(batch));
  }
}

void SqliteJobStore::CommitTogether(std::vector<std::unique_ptr<Operation>> batch) {
  const Ledger before = writer_->committed();
  const auto began = std::chrono::steady_clock::now();
  absl::Status status = writer_->Begin();
  if (status.ok()) {
    for (const auto& operation : batch) operation->Apply(*writer_);
    Pass(FailPoint::kBeforeCommit);
    absl::StatusOr<std::vector<CommittedEvent>> events = writer_->Commit();
    Pass(FailPoint::kAfterCommit);
    status = events.status();
    if (status.ok()) {
      const absl::Duration took = absl::FromChrono(std::chrono::steady_clock::now() - began);
      Publish(writer_->committed());
      for (CommitListener* listener : listeners_) {
        if (!events->empty()) listener->OnCommit(*events);
        if (writer_->committed().earliest != before.earliest) listener->OnCompacted(writer_->committed().earliest);
        // Also after a pause that began in the same transaction: somebody may have been turned away in between.
        if (writer_->resumed() && !writer_->committed().paused) listener->OnResumed();
        if (!events->empty()) listener->OnTransaction(static_cast<int>(batch.size()), took);
      }
    }
  }
  Pass(FailPoint::kBeforeAnswer);
  for (const auto& operation : batch) operation->Answer(status);
}

void SqliteJobStore::Publish(const Ledger& ledger) {
  MutexLock lock(&mu_);
  range_ = {static_cast<uint64_t>(ledger.log_id), ledger.earliest, ledger.head};
}

void SqliteJobStore::Enqueue(std::vector<job::NewJob> jobs, Done<std::vector<absl::StatusOr<EnqueuedJob>>> done) {
  const int weight = static_cast<int>(jobs.size());
  Submit<std::vector<absl::StatusOr<EnqueuedJob>>>(
      weight,
      [jobs = std::move(jobs)](Writer& writer) mutable {
        std::vector<absl::StatusOr<EnqueuedJob>> results;
        results.reserve(jobs.size());
        for (job::NewJob& job : jobs) results.push_back(writer.Enqueue(std::move(job)));
        return results;
      },
      std::move(done));
}

void SqliteJobStore::Cancel(std::string job_id, Done<v1::Job> done) {
  Submit<v1::Job>(
      1, [id = std::move(job_id)](Writer& writer) { return writer.Cancel(id); }, std::move(done));
}

void SqliteJobStore::Retry(std::string job_id, Done<v1::Job> done) {
  Submit<v1::Job>(
      1, [id = std::move(job_id)](Writer& writer) { return writer.Retry(id); }, std::move(done));
}

void SqliteJobStore::Delete(std::string job_id, Done<v1::Job> done) {
  Submit<v1::Job>(
      1, [id = std::move(job_id)](Writer& writer) { return writer.Delete(id); }, std::move(done));
}

void SqliteJobStore::SetPaused(bool paused, Done<bool> done) {
  Submit<bool>(
      1, [paused](Writer& writer) { return writer.SetPaused(paused); }, std::move(done));
}

void SqliteJobStore::Take(Lanes lanes, Done<std::optional<TakenJob>> done) {
  Submit<std::optional<TakenJob>>(
      1, [lanes](Writer& writer) { return writer.Take(lanes); }, std::move(done));
}

void SqliteJobStore::Complete(Lease lease, v1::JobResult result, Done<v1::Job> done) {
  Submit<v1::Job>(
      1,
      [lease = std::move(lease), result = std::move(result)](Writer& writer) { return writer.Complete(lease, result); },
      std::move(done));
}

void SqliteJobStore::Fail(Lease lease, v1::JobError error, Done<v1::Job> done) {
  Submit<v1::Job>(
      1, [lease = std::move(lease), error = std::move(error)](Writer& writer) { return writer.Fail(lease, error); },
      std::move(done));
}

void SqliteJobStore::HandBack(Lease lease, Done<v1::Job> done) {
  Submit<v1::Job>(
      1, [lease = std::move(lease)](Writer& writer) { return writer.HandBack(lease); }, std::move(done));
}

void SqliteJobStore::FinishCancel(Lease lease, Done<v1::Job> done) {
  Submit<v1::Job>(
      1, [lease = std::move(lease)](Writer& writer) { return writer.FinishCancel(lease); }, std::move(done));
}

void SqliteJobStore::Advance(Done<absl::Time> done) {
  Submit<absl::Time>(
      1, [](Writer& writer) { return writer.Advance(); }, std::move(done));
}

void SqliteJobStore::Compact(Retention retention, Done<Compacted> done) {
  Submit<Compacted>(
      1, [retention](Writer& writer) { return writer.Compact(retention); }, std::move(done));
}

absl::StatusOr<StoredJob> SqliteJobStore::GetJob(absl::string_view job_id) {
  absl::StatusOr<StoredJob> stored = BorrowedReader(this)->GetJob(job_id);
  return absl::IsNotFound(stored.status()) ? stored : OrMediumError(std::move(stored));
}

absl::StatusOr<JobPage> SqliteJobStore::ListJobs(const v1::JobFilter& filter, int limit, int64_t before) {
  return OrMediumError(BorrowedReader(this)->ListJobs(filter, limit, before));
}

absl::StatusOr<v1::GetQueueStatsResponse> SqliteJobStore::Stats() {
  absl::StatusOr<Ledger> ledger = BorrowedReader(this)->ReadLedger();
  if (!ledger.ok()) return MediumError(ledger.status());
  return ledger->ToStats();
}

absl::StatusOr<StoreFigures> SqliteJobStore::Figures() { return OrMediumError(BorrowedReader(this)->ReadFigures()); }

LogRange SqliteJobStore::Range() {
  MutexLock lock(&mu_);
  return range_;
}

absl::StatusOr<std::vector<StoredEvent>> SqliteJobStore::ReadEvents(int64_t after, int max_events, int64_t max_bytes) {
  return OrMediumError(BorrowedReader(this)->ReadEvents(after, max_events, max_bytes));
}

absl::StatusOr<std::unique_ptr<Snapshot>> SqliteJobStore::OpenSnapshot() {
  return OrMediumError(SqliteSnapshot::Open(options_.path, &index_));
}

}  // namespace spool::store
