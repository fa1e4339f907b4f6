// spoold: the server. Its flags are in app/flags.cc, its life in app/app.cc.

#include <stdio.h>

#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "server/app/app.h"
#include "server/app/flags.h"

int main(int argc, char** argv) {
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
