// The configuration of notifications, as an entry for libFuzzer.

#ifndef SPOOL_TESTS_FUZZ_NOTIFY_CONFIG_INPUT_H_
#define SPOOL_TESTS_FUZZ_NOTIFY_CONFIG_INPUT_H_

#include <string>

#include "absl/status/status.h"

namespace spool::testing {

// Reads `text` as the file of --notify_config; files that it names hold `text` too, a good secret, or are missing.
// Dies when a configuration that is accepted breaks what its users count on, or a refusal shows a secret.
absl::Status RunNotifyConfigInput(const std::string& text);

}  // namespace spool::testing

#endif  // SPOOL_TESTS_FUZZ_NOTIFY_CONFIG_INPUT_H_
