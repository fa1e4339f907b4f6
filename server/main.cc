// spoold: the server. Its flags are in app/flags.cc, its life in app/app.cc.

#include <stdio.h>

#include <string>
#include <utility>

#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/string_view.h"
#include "server/app/app.h"
#include "server/app/flags.h"
#include "server/app/manual.h"
#include "server/app/version_text.h"
#include "server/base/manual_page.h"
#include "server/base/version.h"

namespace {

// What a word of the command line asks for instead of a server; empty when it asks for none such. Abseil has its own
// --help, which is no page to read, and --version; --helpfull and --help=TEXT are left to it.
std::string Answer(absl::string_view word) {
  if (word == "--help" || word == "-help" || word == "-h") return ManualText(spool::app::SpooldManual());
  if (word == "--help=man") return ManualSource(spool::app::SpooldManual(), spool::kVersion);
  if (word == "--version" || word == "-version") return spool::app::VersionText();
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc && argv[i] != absl::string_view("--"); ++i) {
    const std::string answer = Answer(argv[i]);
    if (answer.empty()) continue;
    return fputs(answer.c_str(), stdout) < 0 || fflush(stdout) != 0 ? 1 : 0;
  }
  absl::SetProgramUsageMessage("spoold --data_dir=DIR [flags]: a durable media job queue with a live event feed");
  absl::Status status = spool::app::TakeFlagsFromEnvironment();
  if (status.ok()) {
    absl::ParseCommandLine(argc, argv);
    status = spool::app::Run();
  }
  if (!status.ok()) {
    fprintf(stderr, "spoold: %s\n", std::string(status.message()).c_str());
    return 1;
  }
  return 0;
}
