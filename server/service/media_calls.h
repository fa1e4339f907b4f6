// What MediaService's calls do, whichever door they come through.

#ifndef SPOOL_SERVER_SERVICE_MEDIA_CALLS_H_
#define SPOOL_SERVER_SERVICE_MEDIA_CALLS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/auth/caller.h"
#include "server/base/clock.h"
#include "server/base/sha256.h"
#include "server/base/unique_fd.h"
#include "server/executor/executor.h"
#include "server/files/media_files.h"
#include "server/service/audit_log.h"
#include "server/service/blocking_pool.h"
#include "server/service/done.h"
#include "server/service/pace.h"
#include "server/store/job_store.h"
#include "spool/v1/media_service.pb.h"

namespace spool::service {

// A place among the transfers, which are few: each holds descriptors, and on some doors a thread.
class Turn {
 public:
  // Not granted beyond `limit`.
  Turn(std::atomic<int>* turns, int limit) : turns_(turns), granted_(turns->fetch_add(1) < limit) {}
  ~Turn() { --*turns_; }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  // RESOURCE_EXHAUSTED (TRANSFER_LIMIT).
  absl::Status status() const;

 private:
  std::atomic<int>* const turns_;
  const bool granted_;
};

// One upload under way; gone without a trace unless it is finished, but for its line in the audit log. Used by one
// thread at a time, which may wait for the disk.
class Upload {
 public:
  ~Upload();
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  // RESOURCE_EXHAUSTED: UPLOAD_TOO_LARGE, OUT_OF_SPACE. DEADLINE_EXCEEDED (UPLOAD_TOO_SLOW): less than pace.h asks for.
  absl::Status Append(absl::string_view chunk);
  // Makes it durable. INVALID_ARGUMENT if nothing came, or not what the header promised (SIZE_MISMATCH,
  // SHA256_MISMATCH).
  absl::StatusOr<v1::UploadMediaResponse> Finish();

 private:
  friend class MediaCalls;
  Upload(files::MediaFiles* files, AuditLog* audit, auth::Caller caller, v1::UploadMediaHeader header,
         int64_t max_bytes, std::unique_ptr<Turn> turn, files::StagedFile staged, const Clock* clock)
      : files_(files),
        audit_(audit),
        caller_(std::move(caller)),
        header_(std::move(header)),
        max_bytes_(max_bytes),
        turn_(std::move(turn)),
        staged_(std::move(staged)),
        clock_(clock),
        pace_(clock->Now()) {}
  absl::StatusOr<v1::UploadMediaResponse> Publish();

  files::MediaFiles* const files_;
  AuditLog* const audit_;
  const auth::Caller caller_;
  const v1::UploadMediaHeader header_;
  const int64_t max_bytes_;
  const std::unique_ptr<Turn> turn_;
  files::StagedFile staged_;
  const Clock* const clock_;
  Pace pace_;
  Sha256 digest_;
  int64_t size_ = 0;
  // What came of it so far; that of an upload that is given up half-way.
  absl::Status outcome_ = absl::CancelledError("given up");
  std::string media_id_;
};

// An output that is being read.
struct Download {
  std::unique_ptr<Turn> turn;
  UniqueFd file;
  // Beneath the output root.
  std::string path;
  int64_t size = 0;
  // What the request asked for: [begin, end).
  int64_t begin = 0;
  int64_t end = 0;

  // The next bytes from `begin` on, at most `max_bytes`, and moves it; empty at the end. DATA_LOSS (OUTPUT_TRUNCATED).
  absl::Status Read(size_t max_bytes, std::string* chunk);
};

// Thread-safe. What a caller may do is decided here, as in JobCalls. A limited caller downloads outputs of jobs that it
// may see, uploads, and has inputs looked at that a job of its own could have.
class MediaCalls {
 public:
  // All outlive the calls, and this object outlives every call.
  MediaCalls(store::JobStore* store, files::MediaFiles* files, executor::Executor* executor, AuditLog* audit,
             int64_t max_upload_bytes, const Clock* clock = Clock::Real())
      : store_(store),
        files_(files),
        executor_(executor),
        audit_(audit),
        max_upload_bytes_(max_upload_bytes),
        clock_(clock) {}

  int64_t max_upload_bytes() const { return max_upload_bytes_; }
  // Waits for probes under way.
  void Stop() { probe_pool_.Stop(); }

  // For an upload, before any of it is read. PERMISSION_DENIED; RESOURCE_EXHAUSTED (TRANSFER_LIMIT).
  absl::StatusOr<std::unique_ptr<Turn>> TakeUploadTurn(const auth::Caller& caller);
  // Waits for the disk. INVALID_ARGUMENT with the field; RESOURCE_EXHAUSTED: UPLOAD_TOO_LARGE, OUT_OF_SPACE.
  absl::StatusOr<std::unique_ptr<Upload>> StartUpload(const auth::Caller& caller, const v1::UploadMediaHeader& header,
                                                      std::unique_ptr<Turn> turn);
  // Waits for the disk. PERMISSION_DENIED, NOT_FOUND, FAILED_PRECONDITION (JOB_NOT_COMPLETED), OUT_OF_RANGE
  // (OFFSET_TOO_LARGE), RESOURCE_EXHAUSTED (TRANSFER_LIMIT).
  absl::StatusOr<Download> StartDownload(const auth::Caller& caller, const v1::DownloadMediaRequest& request);
  // Returns at once.
  void ProbeMedia(const auth::Caller& caller, const v1::ProbeMediaRequest& request, v1::ProbeMediaResponse* response,
                  Done done);

 private:
  // RESOURCE_EXHAUSTED (TRANSFER_LIMIT).
  absl::StatusOr<std::unique_ptr<Turn>> TakeTurn();

  static constexpr int kMaxTransfers = 32;
  static constexpr int kProbeThreads = 4;

  store::JobStore* const store_;
  files::MediaFiles* const files_;
  executor::Executor* const executor_;
  AuditLog* const audit_;
  const int64_t max_upload_bytes_;
  const Clock* const clock_;
  std::atomic<int> turns_{0};
  // Probes wait for workers.
  BlockingPool probe_pool_{kProbeThreads};
};

}  // namespace spool::service

#endif  // SPOOL_SERVER_SERVICE_MEDIA_CALLS_H_
