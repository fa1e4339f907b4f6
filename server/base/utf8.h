// Text as protobuf's strings and JSON want it.

#ifndef SPOOL_SERVER_BASE_UTF8_H_
#define SPOOL_SERVER_BASE_UTF8_H_

#include <string>

#include "absl/strings/string_view.h"

namespace spool {

// Without overlong forms and surrogates.
bool IsUtf8(absl::string_view text);

// The text with U+FFFD for each byte that belongs to no character.
std::string ValidUtf8(absl::string_view text);

}  // namespace spool

#endif  // SPOOL_SERVER_BASE_UTF8_H_
