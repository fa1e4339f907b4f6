#include <stdlib.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace spool::app {
namespace {

int64_t ResidentBytes() {
  int64_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

// As after many calls at once: all is freed but a little, here and there, so that no heap has a free end.
TEST(HeapTest, WhatIsFreeBetweenWhatIsUsedGoesBack) {
  constexpr size_t kBlock = 16 << 10;
  constexpr size_t kBlocks = 8192;
  std::vector<void*> freed, used;
  for (size_t i = 0; i < kBlocks; ++i) {
    freed.push_back(malloc(kBlock));
    // Written to, so that the pages are there.
    for (size_t at = 0; at < kBlock; at += 1024) static_cast<volatile char*>(freed.back())[at] = 1;
    if (i % 16 == 0) used.push_back(malloc(64));
  }
  used.push_back(malloc(64));
  const int64_t most = ResidentBytes();
  for (void* block : freed) free(block);
  const absl::Time patience = absl::Now() + absl::Seconds(30);
  while (ResidentBytes() > most - static_cast<int64_t>(kBlock * kBlocks / 2)) {
    ASSERT_LT(absl::Now(), patience) << "the memory does not go back";
    absl::SleepFor(absl::Milliseconds(100));
  }
  for (void* block : used) free(block);
}

}  // namespace
}  // namespace spool::app
