#include "server/app/app.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "google/protobuf/stubs/logging.h"
#include "server/app/address.h"
#include "server/app/data_dir.h"
#include "server/app/flags.h"
#include "server/app/service_manager.h"
#include "server/app/worker_program.h"
#include "server/auth/gatekeeper.h"
#include "server/auth/tls_files.h"
#include "server/base/clock.h"
#include "server/base/failpoint.h"
#include "server/base/log.h"
#include "server/base/status_macros.h"
#include "server/base/variables.h"
#include "server/executor/executor.h"
#include "server/executor/worker_pool.h"
#include "server/feed/event_feed.h"
#include "server/files/media_files.h"
#include "server/gateway/http_server.h"
#include "server/metrics/server_metrics.h"
#include "server/notify/config.h"
#include "server/notify/notifications.h"
#include "server/rpc/server.h"
#include "server/service/audit_log.h"
#include "server/service/services.h"
#include "server/store/sqlite/sqlite_job_store.h"

namespace spool::app {
namespace {

// How long streams may take to accept their last response.
constexpr absl::Duration kStreamGrace = absl::Seconds(2);

absl::Status CheckFlags() {
  if (absl::GetFlag(FLAGS_data_dir).empty()) return absl::InvalidArgumentError("--data_dir is required");
  if (absl::GetFlag(FLAGS_store) != "sqlite") {
    return absl::InvalidArgumentError(absl::StrCat("--store=", absl::GetFlag(FLAGS_store), " is not known: sqlite"));
  }
  const std::string format = absl::GetFlag(FLAGS_log_format);
  if (format != "text" && format != "json") {
    return absl::InvalidArgumentError(absl::StrCat("--log_format=", format, " is not known: text or json"));
  }
  if (absl::GetFlag(FLAGS_slots) < 0 || absl::GetFlag(FLAGS_slots) > 1024 || absl::GetFlag(FLAGS_short_slots) < 0 ||
      absl::GetFlag(FLAGS_short_slots) > 1024) {
    return absl::InvalidArgumentError("--slots and --short_slots must be 0 to 1024");
  }
  if (absl::GetFlag(FLAGS_max_http_connections) < 1) {
    return absl::InvalidArgumentError("--max_http_connections must be at least 1");
  }
  for (const int64_t limit :
       {absl::GetFlag(FLAGS_max_pixels), absl::GetFlag(FLAGS_max_output_bytes), absl::GetFlag(FLAGS_max_upload_bytes),
        absl::GetFlag(FLAGS_max_waiting_jobs), absl::GetFlag(FLAGS_retain_jobs), absl::GetFlag(FLAGS_retain_events),
        absl::GetFlag(FLAGS_retain_event_bytes)}) {
    if (limit < 1) return absl::InvalidArgumentError("--max_… and --retain_… must be at least 1");
  }
  const bool tls = !absl::GetFlag(FLAGS_tls_cert).empty();
  const bool certified_clients = !absl::GetFlag(FLAGS_tls_client_ca).empty();
  if (tls != !absl::GetFlag(FLAGS_tls_key).empty()) {
    return absl::InvalidArgumentError("--tls_cert and --tls_key are needed together");
  }
  if (certified_clients && !tls) return absl::InvalidArgumentError("--tls_client_ca needs --tls_cert and --tls_key");
  if (absl::GetFlag(FLAGS_allow_unprotected_network)) return absl::OkStatus();
  const Protection protection = {.tls = tls, .login = certified_clients || !absl::GetFlag(FLAGS_token_file).empty()};
  SPOOL_RETURN_IF_ERROR(CheckReachable("grpc_address", absl::GetFlag(FLAGS_grpc_address), protection));
  return CheckReachable("http_address", absl::GetFlag(FLAGS_http_address), protection);
}

// Null: no TLS.
absl::StatusOr<std::unique_ptr<auth::TlsFiles>> OpenTlsFiles() {
  if (absl::GetFlag(FLAGS_tls_cert).empty()) return nullptr;
  return auth::TlsFiles::Open({.cert = absl::GetFlag(FLAGS_tls_cert),
                               .key = absl::GetFlag(FLAGS_tls_key),
                               .client_ca = absl::GetFlag(FLAGS_tls_client_ca)});
}

absl::StatusOr<std::unique_ptr<service::AuditLog>> OpenAuditLog(const auth::Gatekeeper& gatekeeper) {
  const std::string where = absl::GetFlag(FLAGS_audit_log);
  if (where == "-" || (where.empty() && !gatekeeper.open())) return service::AuditLog::ToLog();
  if (where.empty() || where == "none") return service::AuditLog::Off();
  return service::AuditLog::ToFile(where);
}

// What SIGHUP asks for. What cannot be read stays as it was.
void ReloadFiles(auth::Gatekeeper& gatekeeper, auth::TlsFiles* tls, service::AuditLog& audit) {
  for (const absl::Status& status :
       {gatekeeper.Reload(), tls == nullptr ? absl::OkStatus() : tls->Reload(), audit.Reopen()}) {
    if (!status.ok()) LogError("not read again", {{"error", status.message()}});
  }
  LogInfo("files read again", {{"signal", "SIGHUP"}});
}

absl::StatusOr<files::MediaFiles::Roots> Roots() {
  files::MediaFiles::Roots roots;
  roots.data_dir = absl::GetFlag(FLAGS_data_dir);
  roots.media_root = absl::GetFlag(FLAGS_media_root);
  roots.output_root = absl::GetFlag(FLAGS_output_root);
  // A root that was named must exist: a typing error should not become an empty folder.
  if (roots.media_root.empty()) {
    roots.media_root = roots.data_dir + "/media";
    SPOOL_RETURN_IF_ERROR(MakeFolders(roots.media_root, "media root"));
  }
  if (roots.output_root.empty()) {
    roots.output_root = roots.data_dir + "/outputs";
    SPOOL_RETURN_IF_ERROR(MakeFolders(roots.output_root, "output root"));
  }
  return roots;
}

executor::ExecutorOptions ExecutorOptionsFromFlags() {
  executor::ExecutorOptions options;
  options.slots = absl::GetFlag(FLAGS_slots);
  if (options.slots == 0) options.slots = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  options.short_slots = absl::GetFlag(FLAGS_short_slots);
  options.limits.max_run_time = absl::GetFlag(FLAGS_max_run_time);
  options.limits.max_stall_time = absl::GetFlag(FLAGS_max_stall_time);
  options.limits.max_pixels = absl::GetFlag(FLAGS_max_pixels);
  options.limits.max_output_bytes = absl::GetFlag(FLAGS_max_output_bytes);
  options.retention.max_job_age = absl::GetFlag(FLAGS_retain_jobs_for);
  options.retention.max_finished_jobs = absl::GetFlag(FLAGS_retain_jobs);
  options.retention.max_event_age = absl::GetFlag(FLAGS_retain_events_for);
  options.retention.max_events = absl::GetFlag(FLAGS_retain_events);
  options.retention.max_event_bytes = absl::GetFlag(FLAGS_retain_event_bytes);
  options.max_upload_age = absl::GetFlag(FLAGS_retain_uploads_for);
  return options;
}

gateway::HttpOptions HttpOptionsFromFlags() {
  gateway::HttpOptions options;
  options.address = absl::GetFlag(FLAGS_http_address);
  options.admission.origins = absl::GetFlag(FLAGS_http_origins);
  options.admission.hosts = absl::GetFlag(FLAGS_http_hosts);
  options.max_connections = absl::GetFlag(FLAGS_max_http_connections);
  return options;
}

// Each connection, watcher and worker needs descriptors; the usual soft limit is 1024 and the hard one far higher.
void RaiseDescriptorLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

absl::Status Run() {
  SetLogFormat(absl::GetFlag(FLAGS_log_format) == "json" ? LogFormat::kJson : LogFormat::kText);
  // First: a misspelt variable may be why a flag is missing.
  if (const std::string stray = DescribeStrayVariables(environ); !stray.empty()) {
    LogWarning("the environment has variables that mean nothing to Spool", {{"variables", stray}});
  }
  SPOOL_RETURN_IF_ERROR(CheckFlags());
  SPOOL_RETURN_IF_ERROR(ArmFailPoint());
  if (!ArmedFailPoint().empty()) LogWarning("this server will kill itself, for a test", {{"at", ArmedFailPoint()}});
  // All threads inherit this: signals are taken by sigwait below and nowhere else.
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  sigset_t signals = stop_signals;
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  // What protobuf finds wrong with a message is answered to the sender; a line for each would let anybody fill the log.
  google::protobuf::SetLogHandler(nullptr);
  RaiseDescriptorLimit();
#ifdef NDEBUG
  // The distribution's Abseil looks for cycles of locks at every lock, gRPC's included. Our tests run with that on.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif

  std::optional<notify::Config> notify_config;
  if (const std::string path = absl::GetFlag(FLAGS_notify_config); !path.empty()) {
    SPOOL_ASSIGN_OR_RETURN(notify_config, notify::LoadConfig(path));
  }
  SPOOL_ASSIGN_OR_RETURN(const UniqueFd lock, LockDataDir(absl::GetFlag(FLAGS_data_dir)));
  SPOOL_ASSIGN_OR_RETURN(const files::MediaFiles::Roots roots, Roots());
  SPOOL_ASSIGN_OR_RETURN(const std::unique_ptr<files::MediaFiles> files, files::MediaFiles::Open(roots));
  // Before the heap grows and threads start.
  SPOOL_ASSIGN_OR_RETURN(const std::unique_ptr<executor::WorkerPool> workers,
                         executor::WorkerPool::Start(WorkerProgram()));
  SPOOL_ASSIGN_OR_RETURN(const std::unique_ptr<auth::Gatekeeper> gatekeeper,
                         auth::Gatekeeper::Open(absl::GetFlag(FLAGS_token_file), Clock::Real()));
  SPOOL_ASSIGN_OR_RETURN(const std::unique_ptr<auth::TlsFiles> tls, OpenTlsFiles());
  SPOOL_ASSIGN_OR_RETURN(const std::unique_ptr<service::AuditLog> audit, OpenAuditLog(*gatekeeper));
  store::SqliteOptions store_options;
  store_options.path = roots.data_dir + "/spool.db";
  store_options.max_waiting_jobs = absl::GetFlag(FLAGS_max_waiting_jobs);
  SPOOL_ASSIGN_OR_RETURN(std::unique_ptr<store::SqliteJobStore> store, store::SqliteJobStore::Open(store_options));
  feed::EventFeed feed(store.get(), {});
  metrics::ServerMetrics metrics;
  store->AddListener(&metrics);
  // Before anything can happen that its targets would have to be told of.
  std::unique_ptr<notify::Notifications> notifications;
  if (notify_config.has_value()) {
    auto opened = notify::Notifications::Open(*std::move(notify_config), &feed, roots.data_dir + "/notify.db");
    // The store's errors are worded alike.
    if (!opened.ok())
      return absl::Status(opened.status().code(), absl::StrCat("notify.db: ", opened.status().message()));
    notifications = *std::move(opened);
  }
  executor::Executor executor(store.get(), &feed.progress(), files.get(), workers.get(), ExecutorOptionsFromFlags());

  service::Services services({.store = store.get(),
                              .feed = &feed,
                              .files = files.get(),
                              .executor = &executor,
                              .audit = audit.get(),
                              .notifier = notifications == nullptr ? nullptr : &notifications->notifier()},
                             absl::GetFlag(FLAGS_max_upload_bytes));
  absl::StatusOr<std::unique_ptr<rpc::Server>> grpc = rpc::Server::Start(
      {.address = absl::GetFlag(FLAGS_grpc_address), .gatekeeper = gatekeeper.get(), .tls = tls.get()}, &services);
  gateway::HttpOptions http_options = HttpOptionsFromFlags();
  http_options.gatekeeper = gatekeeper.get();
  http_options.tls = tls.get();
  http_options.metrics = [&](int http_connections) {
    return metrics.Text({store.get(), &feed, executor.slots(), http_connections}, absl::Now());
  };
  http_options.metrics_type = metrics::ServerMetrics::kContentType;
  absl::StatusOr<std::unique_ptr<gateway::HttpServer>> http =
      grpc.ok() ? gateway::HttpServer::Start(http_options, &services) : grpc.status();
  if (http.ok()) {
    executor.Start();
    printf("spoold ready grpc=%s http=%s\n", (*grpc)->address().c_str(), (*http)->address().c_str());
    fflush(stdout);
    TellServiceManager("READY=1");
    LogInfo("serving", {{"grpc", (*grpc)->address()},
                        {"http", (*http)->address()},
                        {"data_dir", roots.data_dir},
                        {"media_root", roots.media_root},
                        {"output_root", roots.output_root},
                        {"slots", executor.slots()},
                        {"tls", tls != nullptr ? "yes" : "no"},
                        {"tokens", gatekeeper->open() ? "no" : "yes"},
                        {"ffmpeg", workers->ffmpeg_version()}});

    int received = 0;
    while (sigwait(&signals, &received) == 0 && received == SIGHUP) ReloadFiles(*gatekeeper, tls.get(), *audit);
    LogInfo("stopping", {{"signal", received},
                         {"running_jobs_may_take", absl::FormatDuration(absl::GetFlag(FLAGS_drain_timeout))}});
    services.Drain();
    TellServiceManager("STOPPING=1");
    (*grpc)->Drain();
    (*http)->Drain();
    // A second signal cuts the wait for running jobs short.
    std::atomic<bool> drained{false};
    std::thread impatience([&] {
      timespec tick = {0, 50'000'000};
      while (!drained) {
        if (sigtimedwait(&stop_signals, nullptr, &tick) > 0) {
          executor.HandBackNow();
          return;
        }
      }
    });
    executor.Stop(absl::GetFlag(FLAGS_drain_timeout));
    drained = true;
    impatience.join();
  }
  // From the doors inwards: streams end while there still is a feed, calls while there still is a store.
  feed.Drain();
  feed.WaitUntilIdle(kStreamGrace);
  // Before the doors, as calls may wait for it.
  if (notifications != nullptr) notifications->Stop();
  if (grpc.ok()) (*grpc)->Shutdown(kStreamGrace);
  const absl::Status started = http.status();
  if (http.ok()) (*http)->Shutdown(kStreamGrace);
  executor.Stop(absl::ZeroDuration());
  services.Stop();
  feed.Stop();
  store.reset();
  services.StopAnswers();
  if (http.ok()) http->reset();
  if (grpc.ok()) grpc->reset();
  if (started.ok()) LogInfo("stopped");
  return started;
}

}  // namespace spool::app
