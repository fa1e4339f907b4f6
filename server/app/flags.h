// spoold's flags. Each may also stand in the environment: --grpc_address as SPOOL_GRPC_ADDRESS.

#ifndef SPOOL_SERVER_APP_FLAGS_H_
#define SPOOL_SERVER_APP_FLAGS_H_

#include <string>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

ABSL_DECLARE_FLAG(std::string, grpc_address);
ABSL_DECLARE_FLAG(std::string, http_address);
ABSL_DECLARE_FLAG(std::vector<std::string>, http_origins);
ABSL_DECLARE_FLAG(std::vector<std::string>, http_hosts);
ABSL_DECLARE_FLAG(int, max_http_connections);
ABSL_DECLARE_FLAG(bool, allow_unprotected_network);
ABSL_DECLARE_FLAG(std::string, token_file);
ABSL_DECLARE_FLAG(std::string, tls_cert);
ABSL_DECLARE_FLAG(std::string, tls_key);
ABSL_DECLARE_FLAG(std::string, tls_client_ca);
ABSL_DECLARE_FLAG(std::string, audit_log);
ABSL_DECLARE_FLAG(std::string, data_dir);
ABSL_DECLARE_FLAG(std::string, media_root);
ABSL_DECLARE_FLAG(std::string, output_root);
ABSL_DECLARE_FLAG(std::string, store);
ABSL_DECLARE_FLAG(std::string, worker);
ABSL_DECLARE_FLAG(std::string, log_format);
ABSL_DECLARE_FLAG(std::string, notify_config);
ABSL_DECLARE_FLAG(int, slots);
ABSL_DECLARE_FLAG(int, short_slots);
ABSL_DECLARE_FLAG(absl::Duration, drain_timeout);
ABSL_DECLARE_FLAG(absl::Duration, max_run_time);
ABSL_DECLARE_FLAG(absl::Duration, max_stall_time);
ABSL_DECLARE_FLAG(int64_t, max_pixels);
ABSL_DECLARE_FLAG(int64_t, max_output_bytes);
ABSL_DECLARE_FLAG(int64_t, max_upload_bytes);
ABSL_DECLARE_FLAG(int64_t, max_waiting_jobs);
ABSL_DECLARE_FLAG(absl::Duration, retain_jobs_for);
ABSL_DECLARE_FLAG(int64_t, retain_jobs);
ABSL_DECLARE_FLAG(absl::Duration, retain_events_for);
ABSL_DECLARE_FLAG(int64_t, retain_events);
ABSL_DECLARE_FLAG(int64_t, retain_event_bytes);
ABSL_DECLARE_FLAG(absl::Duration, retain_uploads_for);

namespace spool::app {

// Takes the values of SPOOL_… variables; the command line comes after it and wins. InvalidArgument names a variable
// with a bad value. Variables that are of no flag are passed over; of those that no program of ours reads, Run warns
// (base/variables.h).
absl::Status TakeFlagsFromEnvironment();

}  // namespace spool::app

#endif  // SPOOL_SERVER_APP_FLAGS_H_
