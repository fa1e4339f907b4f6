#include "server/app/flags.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

ABSL_FLAG(std::string, grpc_address, "127.0.0.1:50051", "host:port of gRPC; port 0 picks a free one");
ABSL_FLAG(std::string, http_address, "127.0.0.1:8080", "host:port of HTTP; port 0 picks a free one");
ABSL_FLAG(std::vector<std::string>, http_origins, {},
          "pages of these origins may call the HTTP port, as browsers write them: https://shop.example");
ABSL_FLAG(std::vector<std::string>, http_hosts, {},
          "names that the HTTP port answers to, beside localhost and IP addresses");
ABSL_FLAG(int, max_http_connections, 4096, "most HTTP connections; further ones are answered with 503");
ABSL_FLAG(bool, allow_unprotected_network, false,
          "listen on addresses that other machines can reach, although there are not both TLS (--tls_cert) and a login "
          "(--token_file or --tls_client_ca)");
ABSL_FLAG(std::string, token_file, "",
          "file of bearer tokens, one JSON object a line (spool token create makes them); read again when it changes; "
          "empty: everybody who reaches the server may do everything");
ABSL_FLAG(std::string, tls_cert, "",
          "PEM file of the server's certificate and those between it and its root; with it both ports speak TLS only; "
          "read again when it changes");
ABSL_FLAG(std::string, tls_key, "", "PEM file of the certificate's key, without a password");
ABSL_FLAG(std::string, tls_client_ca, "",
          "PEM file of roots; with it every client must show a certificate that one of these has signed");
ABSL_FLAG(std::string, audit_log, "",
          "file to which a line of JSON is appended for every call that changes something; - is the server's log; none "
          "keeps no audit; empty: the server's log if there are tokens, else none");
ABSL_FLAG(std::string, data_dir, "", "required: folder of the store and of uploads; made if missing");
ABSL_FLAG(std::string, media_root, "", "folder that inputs are named under; empty: {data_dir}/media, made if missing");
ABSL_FLAG(std::string, output_root, "", "folder that outputs go to; empty: {data_dir}/outputs, made if missing");
ABSL_FLAG(std::string, store, "sqlite", "where jobs are kept: sqlite (in data_dir)");
ABSL_FLAG(std::string, worker, "", "the spool-worker program; empty: beside spoold, or in ../lib/spool");
ABSL_FLAG(std::string, log_format, "text", "text (key=value) or json");
ABSL_FLAG(std::string, notify_config, "",
          "file of webhooks and mail boxes that are told what happens to jobs; empty: nobody is");
ABSL_FLAG(int, slots, 0, "jobs that run at once; 0: one for each core");
ABSL_FLAG(int, short_slots, 1, "more slots that take only stills, so that these never wait behind a video");
ABSL_FLAG(absl::Duration, drain_timeout, absl::Seconds(30),
          "how long a stopping server lets running jobs finish before it hands them back to the queue");
ABSL_FLAG(absl::Duration, max_run_time, absl::Hours(6), "longest run of one attempt, for jobs without a limit");
ABSL_FLAG(absl::Duration, max_stall_time, absl::Minutes(5),
          "longest time without progress of one attempt, for jobs without a limit");
ABSL_FLAG(int64_t, max_pixels, 64000000, "largest picture, in pixels, that is decoded");
ABSL_FLAG(int64_t, max_output_bytes, int64_t{64} << 30, "largest output, in bytes");
ABSL_FLAG(int64_t, max_upload_bytes, int64_t{16} << 30, "largest upload, in bytes");
ABSL_FLAG(int64_t, max_waiting_jobs, 10000000, "most scheduled and queued jobs; more are refused with QUEUE_FULL");
ABSL_FLAG(absl::Duration, retain_jobs_for, absl::Hours(24 * 30), "finished jobs are forgotten after this time");
ABSL_FLAG(int64_t, retain_jobs, 1000000, "most finished jobs that are kept");
ABSL_FLAG(absl::Duration, retain_events_for, absl::Hours(24 * 30), "events are forgotten after this time");
ABSL_FLAG(int64_t, retain_events, 10000000, "most events that are kept");
ABSL_FLAG(int64_t, retain_event_bytes, int64_t{4} << 30, "most bytes of events that are kept");
ABSL_FLAG(absl::Duration, retain_uploads_for, absl::Hours(24 * 7),
          "uploads that no unfinished job names are removed after this time");

namespace spool::app {

absl::Status TakeFlagsFromEnvironment() {
  for (char** variable = environ; *variable != nullptr; ++variable) {
    absl::string_view entry = *variable;
    if (!absl::ConsumePrefix(&entry, "SPOOL_")) continue;
    const size_t equals = entry.find('=');
    const absl::string_view name = entry.substr(0, equals);
    absl::CommandLineFlag* const flag = absl::FindCommandLineFlag(absl::AsciiStrToLower(name));
    if (flag == nullptr || name != absl::AsciiStrToUpper(name) || equals == absl::string_view::npos) continue;
    std::string error;
    if (!flag->ParseFrom(entry.substr(equals + 1), &error)) {
      return absl::InvalidArgumentError(absl::StrCat("environment: SPOOL_", name, ": ", error));
    }
  }
  return absl::OkStatus();
}

}  // namespace spool::app
