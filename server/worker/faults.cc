#include "server/worker/faults.h"

#include <errno.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/worker/protocol/packet.h"
#include "server/worker/protocol/worker.pb.h"
#include "server/worker/sandbox.h"

namespace spool::worker {
namespace {

// Volatile, or the compiler reasons that this is never run.
int* volatile g_nowhere = nullptr;

// Out of line and named for what it does, so a test finds it in the stack.
[[gnu::noinline]] void CrashOnPurpose() { *g_nowhere = 1; }

[[gnu::noinline]] int Overflow(int depth) {
  volatile char room[4096] = {};
  return depth < 0 ? 0 : Overflow(depth + 1) + room[depth % 4096];
}

// For a test that wants to know what a child has.
void TellWhatIsOpen() {
  std::string text = "descriptors";
  for (int fd = 0; fd < 1024; ++fd) {
    if (lseek(fd, 0, SEEK_CUR) >= 0 || errno != EBADF) absl::StrAppend(&text, " ", fd);
  }
  int variables = 0;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) ++variables;
  absl::StrAppend(&text, ", ", variables, " variables");
  Report report;
  report.set_log_line(text);
  SendPacket(kJobSocketFd, report).IgnoreError();
}

}  // namespace

void MaybeCommitFault(absl::string_view name) {
  if (name == "testsegv") CrashOnPurpose();
  if (name == "testabort") abort();
  if (name == "testoverflow") Overflow(0);
  if (name == "testfiles") {
    TellWhatIsOpen();
    _exit(0);
  }
  if (name == "testexit") _exit(7);
  if (name == "testhang") {
    for (;;) sleep(1000);
  }
  if (name == "testspin") {
    // An empty loop without effects may be taken out.
    for (;;) asm volatile("");
  }
  if (name == "testexec") execl("/bin/true", "true", nullptr);
  if (name == "testmemory") {
    for (;;) {
      constexpr size_t kBytes = 16 << 20;
      void* block = malloc(kBytes);
      if (block == nullptr) abort();
      memset(block, 1, kBytes);
    }
  }
}

}  // namespace spool::worker
