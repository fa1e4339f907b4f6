// The dashboard, as the files that a browser asks for. They are in the program; nothing is read from a disk.

#ifndef SPOOL_CLIENT_WEB_FILES_H_
#define SPOOL_CLIENT_WEB_FILES_H_

#include <string_view>

#include "absl/types/span.h"

namespace spool::web {

// All views are into static storage.
struct WebFile {
  // As in the URL, from the root: "/" is the page itself, the others lie under "/assets/".
  std::string_view path;
  // Value of the Content-Type header.
  std::string_view content_type;
  // Value of the ETag header, with its quotes; strong, of `body`.
  std::string_view etag;
  // The path has a hash of the body in it: what it names never changes.
  bool immutable;
  std::string_view body;
  // The same, as gzip has it.
  std::string_view gzip_body;
};

// Each path once.
absl::Span<const WebFile> WebFiles();

}  // namespace spool::web

#endif  // SPOOL_CLIENT_WEB_FILES_H_
