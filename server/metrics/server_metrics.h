// Figures for Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/

#ifndef SPOOL_SERVER_METRICS_SERVER_METRICS_H_
#define SPOOL_SERVER_METRICS_SERVER_METRICS_H_

#include <atomic>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "server/feed/event_feed.h"
#include "server/store/job_store.h"

namespace spool::metrics {

// What the parts of the server say of themselves when they are asked.
struct Sources {
  store::JobStore* store;
  const feed::EventFeed* feed;
  int slots;
  int http_connections;
};

// Counts what happens to jobs, from the store's commits: since this process began, as Prometheus wants it, where
// QueueService's totals are since the store was made. Thread-safe.
class ServerMetrics : public store::CommitListener {
 public:
  ServerMetrics();
  ~ServerMetrics() override;

  void OnCommit(absl::Span<const store::CommittedEvent> events) override;
  void OnTransaction(int writes, absl::Duration took) override;

  // All figures in the text format. Waits for the disk. `now` is the wall clock.
  std::string Text(const Sources& sources, absl::Time now);
  // The content-type of Text().
  static constexpr char kContentType[] = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Families;
  const std::unique_ptr<Families> families_;
  std::atomic<int64_t> unreadable_{0};
};

}  // namespace spool::metrics

#endif  // SPOOL_SERVER_METRICS_SERVER_METRICS_H_
