#include "server/app/manual.h"

#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace spool::app {
namespace {

struct GroupedFlag {
  const char* name;
  // What its value is called; null for a switch.
  const char* value;
};

struct FlagGroup {
  const char* title;
  std::vector<GroupedFlag> flags;
};

// All of flags.cc, in the order of the page.
const std::vector<FlagGroup>& FlagGroups() {
  static const auto* const groups = new std::vector<FlagGroup>{
      {"Network",
       {{"grpc_address", "HOST:PORT"},
        {"http_address", "HOST:PORT"},
        {"http_origins", "ORIGIN,…"},
        {"http_hosts", "NAME,…"},
        {"max_http_connections", "NUMBER"},
        {"allow_unprotected_network", nullptr}}},
      {"Access",
       {{"token_file", "FILE"},
        {"tls_cert", "FILE"},
        {"tls_key", "FILE"},
        {"tls_client_ca", "FILE"},
        {"audit_log", "FILE"}}},
      {"Storage", {{"data_dir", "FOLDER"}, {"media_root", "FOLDER"}, {"output_root", "FOLDER"}, {"store", "KIND"}}},
      {"Notifications", {{"notify_config", "FILE"}}},
      {"Execution",
       {{"slots", "NUMBER"}, {"short_slots", "NUMBER"}, {"drain_timeout", "DURATION"}, {"worker", "PROGRAM"}}},
      {"Limits",
       {{"max_run_time", "DURATION"},
        {"max_stall_time", "DURATION"},
        {"max_pixels", "NUMBER"},
        {"max_output_bytes", "BYTES"},
        {"max_upload_bytes", "BYTES"},
        {"max_waiting_jobs", "NUMBER"}}},
      {"Retention",
       {{"retain_jobs_for", "DURATION"},
        {"retain_jobs", "NUMBER"},
        {"retain_events_for", "DURATION"},
        {"retain_events", "NUMBER"},
        {"retain_event_bytes", "BYTES"},
        {"retain_uploads_for", "DURATION"}}},
      {"Log", {{"log_format", "FORMAT"}}},
  };
  return *groups;
}

bool IsOurs(const absl::CommandLineFlag& flag) { return absl::EndsWith(flag.Filename(), "server/app/flags.cc"); }

// "64 GiB" for a whole number of some unit; empty otherwise.
std::string InUnits(int64_t bytes) {
  constexpr std::array<const char*, 4> kUnits = {"TiB", "GiB", "MiB", "KiB"};
  int shift = 40;
  for (const char* unit : kUnits) {
    if (bytes >= int64_t{1} << shift && bytes % (int64_t{1} << shift) == 0) {
      return absl::StrCat(bytes >> shift, " ", unit);
    }
    shift -= 10;
  }
  return "";
}

std::string DefaultOf(const absl::CommandLineFlag& flag, const GroupedFlag& grouped) {
  const std::string value = flag.DefaultValue();
  if (grouped.value == nullptr || value.empty()) return "";
  int64_t bytes = 0;
  const bool counts_bytes = grouped.value == absl::string_view("BYTES") && absl::SimpleAtoi(value, &bytes);
  const std::string units = counts_bytes ? InUnits(bytes) : "";
  return absl::StrCat(" Default: ", value, units.empty() ? "" : absl::StrCat(" (", units, ")"), ".");
}

ManualEntry EntryOf(const absl::CommandLineFlag& flag, const GroupedFlag& grouped) {
  std::string help = flag.Help();
  help[0] = absl::ascii_toupper(help[0]);
  return {absl::StrCat("--", grouped.name, grouped.value == nullptr ? "" : absl::StrCat("=", grouped.value)),
          absl::StrCat(help, ".", DefaultOf(flag, grouped))};
}

std::vector<ManualSection> FlagSections() {
  std::vector<ManualSection> sections;
  sections.push_back({.title = "FLAGS",
                      .text = "A duration is written `90s`, `2h30m` or `250ms`. A switch is turned off by `--noNAME`. "
                              "What is not given takes its default."});
  std::set<std::string> shown;
  for (const FlagGroup& group : FlagGroups()) {
    ManualSection section{.title = group.title, .is_part = true};
    for (const GroupedFlag& grouped : group.flags) {
      const absl::CommandLineFlag* const flag = absl::FindCommandLineFlag(grouped.name);
      if (flag == nullptr) continue;
      section.entries.push_back(EntryOf(*flag, grouped));
      shown.insert(grouped.name);
    }
    sections.push_back(std::move(section));
  }
  std::set<std::string> rest;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (IsOurs(*flag) && shown.count(std::string(name)) == 0) rest.emplace(name);
  }
  ManualSection other{.title = "Other", .is_part = true};
  for (const std::string& name : rest) {
    other.entries.push_back(EntryOf(*absl::FindCommandLineFlag(name), {name.c_str(), "VALUE"}));
  }
  if (!other.entries.empty()) sections.push_back(std::move(other));
  sections.push_back({.title = "Help",
                      .entries = {{"--help", "This text. `--help=man` prints it as the source of a manual page."},
                                  {"--version", "The versions of the server and of the libraries it uses."},
                                  {"--helpfull", "The flags of libraries too."}},
                      .is_part = true});
  return sections;
}

}  // namespace

ManualPage SpooldManual() {
  ManualPage page;
  page.name = "spoold";
  page.section = 8;
  page.summary = "server of the Spool media job queue";
  page.sections = {
      {.title = "SYNOPSIS", .lines = {"spoold --data_dir=FOLDER [flags]"}},
      {.title = "DESCRIPTION",
       .text = "Keeps jobs that make something of videos and images, runs them in sandboxed processes, and tells every "
               "subscriber what happens to them, as it happens, over gRPC and HTTP. What it has answered is on the "
               "disk.\n\n"
               "It stays in the foreground, logs to standard error, and prints one line to standard output once it "
               "serves:",
       .lines = {"spoold ready grpc=HOST:PORT http=HOST:PORT"}},
  };
  for (ManualSection& section : FlagSections()) page.sections.push_back(std::move(section));
  const std::vector<ManualSection> rest = {
      {.title = "ENVIRONMENT",
       .entries =
           {{"SPOOL_FLAG",
             "The value of any flag above, such as `SPOOL_DATA_DIR` for `--data_dir`. The command "
             "line wins. A variable that begins with SPOOL_ and means nothing is named in the log at the start."},
            {"NOTIFY_SOCKET", "Where systemd wants to be told that the server is ready, and that it stops."}}},
      {.title = "SIGNALS",
       .entries =
           {{"SIGTERM, SIGINT",
             "Takes no more jobs, lets running ones finish for --drain_timeout, hands the rest back to the "
             "queue, ends the streams with their last coverage, and exits with status 0. A second signal ends "
             "that wait."},
            {"SIGHUP",
             "Reads tokens and certificates again, which also happens by itself when their files change, and opens "
             "the audit log's file anew."}}},
      {.title = "FILES",
       .entries = {{"DATA_DIR/spool.db, spool.db-wal, spool.db-log_id",
                    "Jobs and events. A copy of `spool.db` alone, made while the server runs, is broken: see the page "
                    "for operators on how to make one."},
                   {"DATA_DIR/notify.db", "What was told to webhooks and mail boxes, and how far each has come."},
                   {"DATA_DIR/uploads", "Uploaded inputs."},
                   {"DATA_DIR/media, DATA_DIR/outputs", "Inputs and outputs, unless flags name other folders."},
                   {"DATA_DIR/spoold.lock", "Held by the server that uses the folder."},
                   {"/etc/default/spool", "Flags of the packaged service, as variables of its environment."},
                   {"/etc/spool", "Tokens, certificates and other files that the packaged service is told of."},
                   {"/var/lib/spool", "DATA_DIR of the packaged service."},
                   {"/var/log/spool", "Where the packaged service may keep an audit log."}}},
      {.title = "EXIT STATUS",
       .entries = {{"0", "After an orderly stop."}, {"1", "It could not start; standard error says why."}},
       .layout = ManualSection::Layout::kBesideTerm},
      {.title = "EXAMPLES",
       .lines = {"spoold --data_dir=/var/lib/spool --media_root=/srv/videos",
                 "SPOOL_DATA_DIR=/tmp/spool spoold --grpc_address=127.0.0.1:0 --slots=2"}},
      {.title = "SEE ALSO", .text = "spool(1)"},
  };
  page.sections.insert(page.sections.end(), rest.begin(), rest.end());
  return page;
}

}  // namespace spool::app
