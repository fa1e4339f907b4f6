#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/fuzz/notify_config_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  spool::testing::RunNotifyConfigInput(std::string(reinterpret_cast<const char*>(data), size)).IgnoreError();
  return 0;
}
