// What --version prints.

#ifndef SPOOL_SERVER_APP_VERSION_TEXT_H_
#define SPOOL_SERVER_APP_VERSION_TEXT_H_

#include <string>

namespace spool::app {

// Our version and those of the libraries that matter, a line each: "spoold 0.1.0", "gRPC 1.51.1", … FFmpeg's is asked
// of spool-worker, which alone has it.
std::string VersionText();

}  // namespace spool::app

#endif  // SPOOL_SERVER_APP_VERSION_TEXT_H_
