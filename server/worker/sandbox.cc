#include "server/worker/sandbox.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "server/base/posix_error.h"
#include "server/base/status_macros.h"
#include "server/base/unique_fd.h"
#include "server/worker/seccomp_filter.h"

namespace spool::worker {
namespace {

// Landlock is called by number, with a struct of our own: the kernel may be newer than this machine's headers.
constexpr long kLandlockCreateRuleset = 444;
constexpr long kLandlockRestrictSelf = 446;
constexpr unsigned kAskVersion = 1;

struct LandlockRuleset {
  uint64_t file_system;
  uint64_t network;  // from ABI 4
  uint64_t scoped;   // from ABI 6
};

// A sanitizer's run time reads /proc and maps memory in ways of its own.
#if defined(__SANITIZE_ADDRESS__) || defined(SPOOL_TSAN)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

int LandlockAbi() {
  return std::max<int>(0, static_cast<int>(syscall(kLandlockCreateRuleset, nullptr, 0, kAskVersion)));
}

// Handles every access that the ABI knows and adds no rule, so all of them are denied.
absl::Status EnterLandlock(int abi) {
  const int file_system_rights = abi >= 5 ? 16 : abi >= 3 ? 15 : abi == 2 ? 14 : 13;
  LandlockRuleset ruleset = {};
  ruleset.file_system = (uint64_t{1} << file_system_rights) - 1;
  if (abi >= 4) ruleset.network = 3;
  if (abi >= 6) ruleset.scoped = 3;
  const size_t size = abi >= 6 ? sizeof(ruleset) : abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
  UniqueFd fd(static_cast<int>(syscall(kLandlockCreateRuleset, &ruleset, size, 0)));
  if (!fd.valid()) return PosixError(errno, "landlock_create_ruleset");
  if (syscall(kLandlockRestrictSelf, fd.get(), 0) != 0) return PosixError(errno, "landlock_restrict_self");
  return absl::OkStatus();
}

absl::Status Install(const sock_filter* filter, size_t size) {
  const sock_fprog program = {static_cast<unsigned short>(size), const_cast<sock_filter*>(filter)};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return PosixError(errno, "seccomp");
  return absl::OkStatus();
}

// abort() and threads need tgkill, and the filter that all children share cannot know their numbers. Landlock keeps
// signals in only from ABI 6 on.
absl::Status KeepSignalsInside() {
  constexpr uint32_t kPid = offsetof(seccomp_data, args);
  const sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kPid),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(getpid()), 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  return Install(filter, std::size(filter));
}

absl::Status Limit(__rlimit_resource resource, int64_t value) {
  const rlimit limit = {static_cast<rlim_t>(value), static_cast<rlim_t>(value)};
  return setrlimit(resource, &limit) == 0 ? absl::OkStatus() : PosixError(errno, "setrlimit");
}

absl::Status SetLimits(const ResourceLimits& limits) {
  // SVT-AV1 reserves 80 stacks of 8 MB and crashes where it does not get them.
  constexpr int64_t kLeastMemory = int64_t{8} << 30;
  SPOOL_RETURN_IF_ERROR(Limit(RLIMIT_CORE, 0));
  SPOOL_RETURN_IF_ERROR(Limit(RLIMIT_NOFILE, 32));
  if (limits.max_output_bytes > 0) SPOOL_RETURN_IF_ERROR(Limit(RLIMIT_FSIZE, limits.max_output_bytes));
  if (limits.max_cpu_seconds > 0) SPOOL_RETURN_IF_ERROR(Limit(RLIMIT_CPU, limits.max_cpu_seconds));
  if (limits.max_memory_bytes > 0 && !kSanitized) {
    SPOOL_RETURN_IF_ERROR(Limit(RLIMIT_AS, std::max(limits.max_memory_bytes, kLeastMemory)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Sandbox> Sandbox::Create() {
  Sandbox sandbox;
  if (kSanitized) {
    sandbox.missing_.push_back("seccomp and landlock are off in a sanitizer build");
    return sandbox;
  }
  SPOOL_ASSIGN_OR_RETURN(sandbox.filter_, BuildSeccompFilter());
  if (prctl(PR_GET_SECCOMP) < 0) {
    sandbox.missing_.push_back("this kernel has no seccomp");
    sandbox.filter_.clear();
  }
  sandbox.landlock_abi_ = LandlockAbi();
  if (sandbox.landlock_abi_ == 0) sandbox.missing_.push_back("this kernel has no landlock");
  return sandbox;
}

absl::Status Sandbox::Enter(const ResourceLimits& limits) const {
  SPOOL_RETURN_IF_ERROR(SetLimits(limits));
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return PosixError(errno, "no_new_privs");
  if (landlock_abi_ > 0) SPOOL_RETURN_IF_ERROR(EnterLandlock(landlock_abi_));
  if (filter_.empty()) return absl::OkStatus();
  SPOOL_RETURN_IF_ERROR(KeepSignalsInside());
  // Last: the filter forbids the calls above.
  return Install(filter_.data(), filter_.size());
}

}  // namespace spool::worker
