#include <cstddef>
#include <cstdint>

#include "tests/fuzz/media_input.h"

// x265 3.5 and libraries that keep tables for ever.
extern "C" const char* __asan_default_options() { return "detect_leaks=0:allocator_may_return_null=1"; }

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  spool::testing::RunMediaInput({reinterpret_cast<const char*>(data), size}).IgnoreError();
  return 0;
}
