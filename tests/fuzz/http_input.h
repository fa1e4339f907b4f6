// One input to what the HTTP port reads of strangers.

#ifndef SPOOL_TESTS_FUZZ_HTTP_INPUT_H_
#define SPOOL_TESTS_FUZZ_HTTP_INPUT_H_

#include "absl/strings/string_view.h"

namespace spool::testing {

// What the first byte of an input chooses, by its place here.
enum class HttpPart {
  kTarget,     // a request's target, then the query of /v1/events in it
  kHeaders,    // content-type, timeouts, Range, Host and Origin, Cookie: one a line
  kEnvelope,   // a body of Connect's streams and of gRPC-Web
  kBase64,     // the same, as gRPC-Web's text
  kEnqueue,    // JSON of an EnqueueRequest
  kWatch,      // JSON of a WatchEventsRequest
  kToken,      // a resume token
  kPageToken,  // a page token
  kParts,
};

// Reads `input` and looks whether what was taken holds together; ends the process if not.
void ReadHttpInput(absl::string_view input);

}  // namespace spool::testing

#endif  // SPOOL_TESTS_FUZZ_HTTP_INPUT_H_
