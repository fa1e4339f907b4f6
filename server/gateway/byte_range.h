// The Range header: https://www.rfc-editor.org/rfc/rfc9110#name-range-requests

#ifndef SPOOL_SERVER_GATEWAY_BYTE_RANGE_H_
#define SPOOL_SERVER_GATEWAY_BYTE_RANGE_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace spool::gateway {

// [begin, end) of a file.
struct ByteRange {
  int64_t begin = 0;
  int64_t end = 0;
  friend bool operator==(const ByteRange& a, const ByteRange& b) { return a.begin == b.begin && a.end == b.end; }
};

enum class RangeKind {
  kWhole,          // no range, or one that a server may pass over: several ranges, another unit, nonsense
  kPart,           // answer 206
  kUnsatisfiable,  // answer 416
};

struct RangeAnswer {
  RangeKind kind = RangeKind::kWhole;
  ByteRange range;
};

// What the header asks for of a file of `size` bytes.
RangeAnswer ParseRange(absl::string_view header, int64_t size);

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_BYTE_RANGE_H_
