// The flags that `resize` and `convert` share: coding of picture and sound, the part to keep, metadata, damage.

#ifndef SPOOL_CLIENT_CLI_CODING_FLAGS_H_
#define SPOOL_CLIENT_CLI_CODING_FLAGS_H_

#include <vector>

#include "absl/status/status.h"
#include "client/cli/arguments.h"
#include "spool/v1/job.pb.h"

namespace spool::cli {

std::vector<Flag> CodingFlags();

// What they say. Options that ask for nothing are left unset.
absl::Status ReadCoding(const Arguments& arguments, v1::ResizeSpec* spec);
absl::Status ReadCoding(const Arguments& arguments, v1::ConvertSpec* spec);

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_CODING_FLAGS_H_
