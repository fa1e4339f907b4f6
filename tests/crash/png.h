// Whether a PNG file is whole.

#ifndef SPOOL_TESTS_CRASH_PNG_H_
#define SPOOL_TESTS_CRASH_PNG_H_

#include "absl/strings/string_view.h"

namespace spool::testing {

// All chunks are there, from the signature to IEND, and their checksums are right; nothing follows.
bool IsWholePng(absl::string_view bytes);

}  // namespace spool::testing

#endif  // SPOOL_TESTS_CRASH_PNG_H_
