// libFuzzer's entry for what the HTTP port reads of strangers; tests/README.md has the command. FUZZ_PART=N in the
// environment keeps to one part, by its place in HttpPart.

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <string>

#include "tests/fuzz/http_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const char* const part = getenv("FUZZ_PART");
  std::string input(reinterpret_cast<const char*>(data), size);
  if (part != nullptr && !input.empty()) input[0] = static_cast<char>(atoi(part));
  spool::testing::ReadHttpInput(input);
  return 0;
}
