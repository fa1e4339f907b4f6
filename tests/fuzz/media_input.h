// One input that may be anything, through everything that a worker does with media.

#ifndef SPOOL_TESTS_FUZZ_MEDIA_INPUT_H_
#define SPOOL_TESTS_FUZZ_MEDIA_INPUT_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace spool::testing {

// The first byte chooses what is asked for, the rest is the file. Any status is a good end; crashes, hangs and what the
// sanitizers see are bad ones.
absl::Status RunMediaInput(absl::string_view bytes);

}  // namespace spool::testing

#endif  // SPOOL_TESTS_FUZZ_MEDIA_INPUT_H_
