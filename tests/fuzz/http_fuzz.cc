#include <stddef.h>
#include <stdint.h>

#include "tests/fuzz/http_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  spool::testing::ReadHttpInput({reinterpret_cast<const char*>(data), size});
  return 0;
}
