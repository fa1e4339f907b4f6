// spoold: the server. Its flags are in app/flags.cc, its life in app/app.cc.

#include <stdio.h>

#include <string>
#include <utility>

#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "server/app/app.h"
#include "server/app/flags.h"

namespace {

// --help shows our flags; --helpfull those of the libraries too.
void SetHelp() {
  absl::FlagsUsageConfig config;
  config.contains_help_flags = [](absl::string_view file) { return absl::EndsWith(file, "server/app/flags.cc"); };
  absl::SetFlagsUsageConfig(std::move(config));
}

}  // namespace

int main(int argc, char** argv) {
  SetHelp();
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
