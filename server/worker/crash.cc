#include "server/worker/crash.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "absl/debugging/symbolize.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace spool::worker {
namespace {

constexpr int kMaxFrames = 64;
constexpr uint32_t kMagic = 0x53504c43;

// Smaller than PIPE_BUF, so it is written whole or not at all.
struct CrashRecord {
  uint32_t magic;
  int32_t signal_number;
  uint64_t fault_address;
  int32_t frame_count;
  std::array<uint64_t, kMaxFrames> frames;
};

int g_crash_fd = -1;

uint64_t InstructionAt(const void* context) {
  const auto* machine = static_cast<const ucontext_t*>(context);
#if defined(__x86_64__)
  return machine->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
  return machine->uc_mcontext.pc;
#else
  return 0;
#endif
}

void OnCrash(int signal_number, siginfo_t* info, void* context) {
  CrashRecord record = {};
  record.magic = kMagic;
  record.signal_number = signal_number;
  record.fault_address = reinterpret_cast<uint64_t>(info->si_addr);
  record.frames[0] = InstructionAt(context);
  record.frame_count = 1;
  // If unwinding faults as well, the signal's disposition is back to the default and kills; send what there is first.
  // backtrace() has been called before, so it does not load or allocate any more.
  std::array<void*, kMaxFrames> frames;
  const int count = backtrace(frames.data(), kMaxFrames);
  // The first ones are this handler and the kernel's trampoline; go on behind the frame that crashed.
  int from = 0;
  while (from < count && reinterpret_cast<uint64_t>(frames[from]) != record.frames[0]) ++from;
  for (int i = std::min(from + 1, count); i < count && record.frame_count < kMaxFrames; ++i) {
    record.frames[record.frame_count++] = reinterpret_cast<uint64_t>(frames[i]);
  }
  [[maybe_unused]] const ssize_t written = write(g_crash_fd, &record, sizeof(record));
  // Returning repeats the instruction, this time with the default action (SA_RESETHAND). A signal that somebody sent
  // has no such instruction: it is sent again and comes through on return, or the worker would go on as if nothing
  // were.
  if (info->si_code <= 0) raise(signal_number);
}

// "av_frame_unref (libavutil.so.57+0x1c40)".
std::string Describe(uint64_t address, bool is_return_address) {
  // A return address may lie behind the end of the function that does not return.
  const auto* pc = reinterpret_cast<const char*>(address) - (is_return_address ? 1 : 0);
  std::array<char, 256> name = {};
  std::string text = absl::Symbolize(pc, name.data(), name.size()) ? name.data() : "?";
  Dl_info module = {};
  if (dladdr(pc, &module) != 0 && module.dli_fname != nullptr) {
    const char* slash = strrchr(module.dli_fname, '/');
    absl::StrAppendFormat(&text, " (%s+0x%x)", slash != nullptr ? slash + 1 : module.dli_fname,
                          address - reinterpret_cast<uint64_t>(module.dli_fbase));
  } else {
    absl::StrAppendFormat(&text, " (0x%x)", address);
  }
  return text;
}

}  // namespace

void PrepareForCrashes(const char* program) {
  absl::InitializeSymbolizer(program);
  // The first call loads libgcc_s, which a sandboxed child could not.
  std::array<void*, 1> frame;
  backtrace(frame.data(), frame.size());
}

void ReportCrashesTo(int fd) {
  g_crash_fd = fd;
  // A stack overflow leaves no room on the stack.
  static std::array<char, 64 * 1024> stack;
  stack_t alternate = {};
  alternate.ss_sp = stack.data();
  alternate.ss_size = stack.size();
  sigaltstack(&alternate, nullptr);
  struct sigaction action = {};
  action.sa_sigaction = &OnCrash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
  for (const int signal_number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) sigaction(signal_number, &action, nullptr);
}

std::string ReadCrash(int fd) {
  CrashRecord record;
  if (read(fd, &record, sizeof(record)) != static_cast<ssize_t>(sizeof(record))) return "";
  // The child may have been taken over: nothing in here is used but as a number to look up.
  if (record.magic != kMagic || record.frame_count < 1 || record.frame_count > kMaxFrames) return "";
  std::string text = absl::StrFormat("%s at address 0x%x\n", strsignal(record.signal_number), record.fault_address);
  for (int i = 0; i < record.frame_count; ++i) {
    absl::StrAppend(&text, "#", i, " ", Describe(record.frames[i], /*is_return_address=*/i > 0), "\n");
  }
  return text;
}

}  // namespace spool::worker
