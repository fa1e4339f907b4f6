#include "server/metrics/server_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/base/proto_time.h"
#include "server/base/version.h"

namespace spool::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

using Labels = std::map<std::string, std::string>;

// Seconds: from a still that is scaled to a film that is encoded.
const prometheus::Histogram::BucketBoundaries kJobSeconds = {0.01, 0.05, 0.1, 0.25, 0.5, 1,    2.5,  5,    10,
                                                             30,   60,   120, 300,  600, 1800, 3600, 14400};
const prometheus::Histogram::BucketBoundaries kCommitSeconds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                                0.01,   0.025,   0.05,   0.1,   0.25,   1};
const prometheus::Histogram::BucketBoundaries kBatchSizes = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096};

// A type that only a later version knows goes by its number.
std::string TypeName(int type) {
  if (!v1::JobType_IsValid(type)) return absl::StrCat(type);
  return absl::AsciiStrToLower(
      absl::string_view(v1::JobType_Name(static_cast<v1::JobType>(type))).substr(sizeof("JOB_TYPE_") - 1));
}

ClientMetric Value(double value, std::vector<ClientMetric::Label> labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  // Whichever the family's type is looks at its own.
  metric.gauge.value = value;
  metric.counter.value = value;
  return metric;
}

MetricFamily Family(std::string name, std::string help, MetricType type, std::vector<ClientMetric> values) {
  MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = type;
  family.metric = std::move(values);
  return family;
}

MetricFamily Gauge(std::string name, std::string help, double value) {
  return Family(std::move(name), std::move(help), MetricType::Gauge, {Value(value)});
}

MetricFamily Counter(std::string name, std::string help, double value) {
  return Family(std::move(name), std::move(help), MetricType::Counter, {Value(value)});
}

// Every type and state, also where there are no jobs: a series that is not there cannot be compared with.
MetricFamily Jobs(std::map<int, v1::StateCounts> by_type) {
  for (int type = v1::JobType_MIN + 1; type < v1::JobType_ARRAYSIZE; ++type) by_type.try_emplace(type);
  std::vector<ClientMetric> values;
  for (const auto& [type, counts] : by_type) {
    const auto add = [&, name = TypeName(type)](const char* state, int64_t jobs) {
      values.push_back(Value(static_cast<double>(jobs), {{"state", state}, {"type", name}}));
    };
    add("scheduled", counts.scheduled());
    add("queued", counts.queued());
    add("running", counts.running());
    add("completed", counts.completed());
    add("failed", counts.failed());
    add("cancelled", counts.cancelled());
  }
  return Family("spool_jobs", "Jobs stored, by state and type.", MetricType::Gauge, std::move(values));
}

MetricFamily LagHistogram(const feed::FeedFigures& figures) {
  ClientMetric metric;
  uint64_t count = 0;
  for (size_t i = 0; i < figures.kLagBounds.size(); ++i) {
    count += static_cast<uint64_t>(figures.lag[i]);
    metric.histogram.bucket.push_back({count, static_cast<double>(figures.kLagBounds[i])});
  }
  count += static_cast<uint64_t>(figures.lag.back());
  metric.histogram.bucket.push_back({count, std::numeric_limits<double>::infinity()});
  metric.histogram.sample_count = count;
  metric.histogram.sample_sum = static_cast<double>(figures.lag_sum);
  return Family("spool_watch_lag_events", "Events that a stream was behind the log's end after a response with events.",
                MetricType::Histogram, {std::move(metric)});
}

// As every program that Prometheus scrapes shows them.
void AddProcess(std::vector<MetricFamily>* families) {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  families->push_back(Counter("process_cpu_seconds_total", "User and system CPU time of this process.",
                              seconds(usage.ru_utime) + seconds(usage.ru_stime)));
  int64_t pages = 0;
  int64_t resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  families->push_back(Gauge("process_resident_memory_bytes", "Memory of this process, without its workers.",
                            static_cast<double>(resident * sysconf(_SC_PAGESIZE))));
  std::error_code error;
  int64_t descriptors = 0;
  for (auto it = std::filesystem::directory_iterator("/proc/self/fd", error);
       it != std::filesystem::directory_iterator(); it.increment(error)) {
    ++descriptors;
  }
  families->push_back(Gauge("process_open_fds", "Open file descriptors.", static_cast<double>(descriptors)));
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  families->push_back(Gauge("process_max_fds", "Most file descriptors.", static_cast<double>(limit.rlim_cur)));
}

}  // namespace

// Of each family the metrics by job type, made once: looking them up takes a lock and a hash.
struct ServerMetrics::Families {
  using ByType = std::array<prometheus::Counter*, v1::JobType_ARRAYSIZE>;
  using HistogramByType = std::array<prometheus::Histogram*, v1::JobType_ARRAYSIZE>;

  Families() {
    enqueued = Counters("spool_jobs_enqueued_total", "Jobs accepted.");
    started = Counters("spool_attempts_started_total", "Attempts begun.");
    retried = Counters("spool_attempts_retried_total", "Attempts that failed and were to be tried again.");
    interrupted = Counters("spool_attempts_interrupted_total", "Attempts handed back because the server stopped.");
    auto& finished_family = prometheus::BuildCounter()
                                .Name("spool_jobs_finished_total")
                                .Help("Jobs finished, by outcome. Success rate: completed / (completed + failed).")
                                .Register(registry);
    failures = &prometheus::BuildCounter()
                    .Name("spool_attempt_failures_total")
                    .Help("Attempts that failed, by reason; also those that were tried again.")
                    .Register(registry);
    auto& wait_family = prometheus::BuildHistogram()
                            .Name("spool_job_wait_seconds")
                            .Help("From the first entry into the queue to the start of an attempt.")
                            .Register(registry);
    auto& run_family = prometheus::BuildHistogram()
                           .Name("spool_job_run_seconds")
                           .Help("Run time of attempts that completed their job.")
                           .Register(registry);
    for (int type = v1::JobType_MIN + 1; type < v1::JobType_ARRAYSIZE; ++type) {
      const Labels labels = {{"type", TypeName(type)}};
      const auto outcome = [&](const char* name) {
        Labels with = labels;
        with.emplace("outcome", name);
        return &finished_family.Add(with);
      };
      completed[type] = outcome("completed");
      failed[type] = outcome("failed");
      cancelled[type] = outcome("cancelled");
      wait[type] = &wait_family.Add(labels, kJobSeconds);
      run[type] = &run_family.Add(labels, kJobSeconds);
    }
    // There before the first crash, so that an alert on its increase sees the first one.
    crashes = &failures->Add({{"reason", "WORKER_CRASHED"}});
    events = &prometheus::BuildCounter()
                  .Name("spool_events_published_total")
                  .Help("Events that became durable and were given to the feed.")
                  .Register(registry)
                  .Add({});
    batch = &prometheus::BuildHistogram()
                 .Name("spool_commit_writes")
                 .Help("Writes that one transaction made durable together.")
                 .Register(registry)
                 .Add({}, kBatchSizes);
    commit = &prometheus::BuildHistogram()
                  .Name("spool_commit_seconds")
                  .Help("Time of one transaction, from its begin until it was durable.")
                  .Register(registry)
                  .Add({}, kCommitSeconds);
  }

  ByType Counters(const std::string& name, const std::string& help) {
    auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(registry);
    ByType counters = {};
    for (int type = v1::JobType_MIN + 1; type < v1::JobType_ARRAYSIZE; ++type) {
      counters[type] = &family.Add({{"type", TypeName(type)}});
    }
    return counters;
  }

  prometheus::Registry registry;
  ByType enqueued, started, retried, interrupted, completed = {}, failed = {}, cancelled = {};
  HistogramByType wait = {}, run = {};
  prometheus::Family<prometheus::Counter>* failures;
  prometheus::Counter* crashes;
  prometheus::Counter* events;
  prometheus::Histogram* batch;
  prometheus::Histogram* commit;
};

ServerMetrics::ServerMetrics() : families_(std::make_unique<Families>()) {}
ServerMetrics::~ServerMetrics() = default;

void ServerMetrics::OnCommit(absl::Span<const store::CommittedEvent> events) {
  Families& f = *families_;
  f.events->Increment(static_cast<double>(events.size()));
  // Most of a large commit are new jobs: these are added up first.
  std::array<int64_t, v1::JobType_ARRAYSIZE> enqueued = {};
  const auto known = [](int type) { return type > v1::JobType_MIN && type < v1::JobType_ARRAYSIZE; };
  for (const store::CommittedEvent& committed : events) {
    const v1::Event& event = committed.event;
    switch (event.payload_case()) {
      case v1::Event::kScheduled:
        if (known(event.scheduled().type())) ++enqueued[event.scheduled().type()];
        break;
      case v1::Event::kQueued:
        if (!known(event.queued().type())) break;
        if (event.queued().reason() == v1::QUEUED_REASON_ENQUEUED) ++enqueued[event.queued().type()];
        if (event.queued().reason() == v1::QUEUED_REASON_INTERRUPTED) f.interrupted[event.queued().type()]->Increment();
        break;
      case v1::Event::kStarted:
        if (!known(event.started().type())) break;
        f.started[event.started().type()]->Increment();
        f.wait[event.started().type()]->Observe(
            absl::ToDoubleSeconds(FromProto(event.started().started_at()) - FromProto(event.started().queued_at())));
        break;
      case v1::Event::kCompleted:
        if (!known(event.completed().type())) break;
        f.completed[event.completed().type()]->Increment();
        f.run[event.completed().type()]->Observe(absl::ToDoubleSeconds(FromProto(event.completed().duration())));
        break;
      case v1::Event::kFailed:
        if (!known(event.failed().type())) break;
        f.failed[event.failed().type()]->Increment();
        f.failures->Add({{"reason", event.failed().error().reason()}}).Increment();
        break;
      case v1::Event::kRetrying:
        if (!known(event.retrying().type())) break;
        f.retried[event.retrying().type()]->Increment();
        f.failures->Add({{"reason", event.retrying().error().reason()}}).Increment();
        break;
      case v1::Event::kCancelled:
        if (known(event.cancelled().type())) f.cancelled[event.cancelled().type()]->Increment();
        break;
      case v1::Event::kDeleted:
      case v1::Event::kCancelRequested:
      case v1::Event::PAYLOAD_NOT_SET:
        break;
    }
  }
  for (int type = 0; type < v1::JobType_ARRAYSIZE; ++type) {
    if (enqueued[type] > 0) f.enqueued[type]->Increment(static_cast<double>(enqueued[type]));
  }
}

void ServerMetrics::OnTransaction(int writes, absl::Duration took) {
  families_->batch->Observe(writes);
  families_->commit->Observe(absl::ToDoubleSeconds(took));
}

std::string ServerMetrics::Text(const Sources& sources, absl::Time now) {
  std::vector<MetricFamily> families = families_->registry.Collect();
  families.push_back(Family("spool_build_info", "Version of this server.", MetricType::Gauge,
                            {Value(1, {{"version", std::string(kVersion)}})}));
  if (const auto figures = sources.store->Figures(); figures.ok()) {
    const v1::GetQueueStatsResponse& stats = figures->stats;
    families.push_back(Jobs(figures->jobs_by_type));
    const absl::Duration age =
        figures->oldest_queued == absl::InfiniteFuture() ? absl::ZeroDuration() : now - figures->oldest_queued;
    families.push_back(Gauge("spool_queue_oldest_age_seconds",
                             "How long the longest-waiting queued job has waited; 0 when none is queued.",
                             absl::ToDoubleSeconds(std::max(age, absl::ZeroDuration()))));
    families.push_back(Gauge("spool_queue_paused", "1 while the queue gives out no jobs.", stats.paused() ? 1 : 0));
    families.push_back(
        Gauge("spool_log_bytes", "Events that are kept, in bytes.", static_cast<double>(figures->log_bytes)));
    families.push_back(Gauge("spool_log_events", "Events that are kept.",
                             static_cast<double>(stats.head_sequence() - stats.earliest_sequence() + 1)));
    families.push_back(
        Gauge("spool_log_head_sequence", "Sequence of the latest event.", static_cast<double>(stats.head_sequence())));
  } else {
    ++unreadable_;
  }
  families.push_back(Counter("spool_scrape_store_errors_total", "Scrapes that could not read the store.",
                             static_cast<double>(unreadable_)));
  families.push_back(Gauge("spool_slots", "Jobs that may run at once.", sources.slots));
  families.push_back(Gauge("spool_watchers", "Streams of the feed that are open.", sources.feed->subscriptions()));
  const feed::FeedFigures sent = sources.feed->figures();
  families.push_back(Counter("spool_events_delivered_total", "Events sent to streams, each as often as it was sent.",
                             static_cast<double>(sent.delivered)));
  families.push_back(LagHistogram(sent));
  families.push_back(Gauge("spool_http_connections", "Connections to the HTTP port.", sources.http_connections));
  AddProcess(&families);
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace spool::metrics
