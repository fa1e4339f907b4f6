#include "server/worker/seccomp_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <initializer_list>
#include <memory>

#include "server/base/posix_error.h"
#include "server/base/status_macros.h"
#include "server/base/unique_fd.h"
#include "server/worker/sandbox.h"

namespace spool::worker {
namespace {

struct ReleaseFilter {
  void operator()(void* context) const { seccomp_release(context); }
};
using FilterContext = std::unique_ptr<void, ReleaseFilter>;

// Each was seen in a run of some codec, or in glibc's memory and thread code.
constexpr int kAllowed[] = {
    // the open files
    SCMP_SYS(read),
    SCMP_SYS(pread64),
    SCMP_SYS(readv),
    SCMP_SYS(write),
    SCMP_SYS(pwrite64),
    SCMP_SYS(writev),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(statx),
    SCMP_SYS(ftruncate),
    SCMP_SYS(close),
    // memory
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    // threads and signals of this process
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_setaffinity),
    SCMP_SYS(sched_yield),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(tgkill),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    // what may be known
    SCMP_SYS(geteuid),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(getrandom),
    SCMP_SYS(poll),
    SCMP_SYS(getrusage),
};

// Tuning that libraries attempt and go on without. clone3 is here because its flags lie in memory, where a filter
// cannot see them: glibc then falls back to clone.
constexpr int kAbsent[] = {
    SCMP_SYS(clone3),
    SCMP_SYS(get_mempolicy),
    SCMP_SYS(set_mempolicy),
    SCMP_SYS(mbind),
    SCMP_SYS(sched_setscheduler),
    SCMP_SYS(sched_getscheduler),
    SCMP_SYS(sched_setparam),
    SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_get_priority_max),
    SCMP_SYS(sched_get_priority_min),
    SCMP_SYS(setpriority),
    SCMP_SYS(getpriority),
    SCMP_SYS(prlimit64),
    SCMP_SYS(ioctl),
    SCMP_SYS(fcntl),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(membarrier),
    SCMP_SYS(getcpu),
};

// Reaching outside: refused in a way that a library reports rather than dies of.
constexpr int kDenied[] = {
    SCMP_SYS(open),       SCMP_SYS(openat),     SCMP_SYS(openat2), SCMP_SYS(creat),    SCMP_SYS(access),
    SCMP_SYS(faccessat),  SCMP_SYS(faccessat2), SCMP_SYS(stat),    SCMP_SYS(lstat),    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat), SCMP_SYS(getcwd),     SCMP_SYS(unlink),  SCMP_SYS(unlinkat), SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),    SCMP_SYS(rename),     SCMP_SYS(socket),  SCMP_SYS(connect),
};

class FilterBuilder {
 public:
  explicit FilterBuilder(scmp_filter_ctx context) : context_(context) {}

  void Add(uint32_t action, const int* calls, size_t count) {
    for (size_t i = 0; i < count; ++i) Keep(seccomp_rule_add(context_, action, calls[i], 0));
  }
  void AddIf(uint32_t action, int call, scmp_arg_cmp condition) {
    Keep(seccomp_rule_add(context_, action, call, 1, condition));
  }
  // First errno that a rule gave; 0 if none.
  int error_number() const { return error_number_; }

 private:
  void Keep(int rc) {
    if (rc < 0 && error_number_ == 0) error_number_ = -rc;
  }
  scmp_filter_ctx context_;
  int error_number_ = 0;
};

void AddConditionalRules(FilterBuilder& filter) {
  // No memory that can be run: no codec here makes code at run time.
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    filter.AddIf(SCMP_ACT_ALLOW, call, SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  }
  // Threads, not processes.
  filter.AddIf(SCMP_ACT_ALLOW, SCMP_SYS(clone), SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
  filter.AddIf(SCMP_ACT_ALLOW, SCMP_SYS(prctl), SCMP_CMP64(0, SCMP_CMP_EQ, PR_SET_NAME, 0));
  // fstat of an open file, by its newer name.
  filter.AddIf(SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), SCMP_CMP64(3, SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH));
  filter.AddIf(SCMP_ACT_ERRNO(EACCES), SCMP_SYS(newfstatat), SCMP_CMP64(3, SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, 0));
  // Reports.
  filter.AddIf(SCMP_ACT_ALLOW, SCMP_SYS(sendmsg), SCMP_CMP64(0, SCMP_CMP_EQ, kJobSocketFd, 0));
}

// libseccomp writes a filter to a file only.
absl::StatusOr<std::vector<sock_filter>> Export(scmp_filter_ctx context) {
  UniqueFd file(memfd_create("seccomp", MFD_CLOEXEC));
  if (!file.valid()) return PosixError(errno, "memfd_create");
  if (int rc = seccomp_export_bpf(context, file.get()); rc < 0) return PosixError(-rc, "seccomp_export_bpf");
  const off_t bytes = lseek(file.get(), 0, SEEK_END);
  std::vector<sock_filter> program(bytes / sizeof(sock_filter));
  if (pread(file.get(), program.data(), bytes, 0) != bytes) return PosixError(errno, "read the seccomp filter");
  return program;
}

}  // namespace

absl::StatusOr<std::vector<sock_filter>> BuildSeccompFilter() {
  FilterContext context(seccomp_init(SCMP_ACT_KILL_PROCESS));
  if (context == nullptr) return absl::InternalError("seccomp_init");
  FilterBuilder filter(context.get());
  filter.Add(SCMP_ACT_ALLOW, kAllowed, std::size(kAllowed));
  filter.Add(SCMP_ACT_ERRNO(ENOSYS), kAbsent, std::size(kAbsent));
  filter.Add(SCMP_ACT_ERRNO(EACCES), kDenied, std::size(kDenied));
  AddConditionalRules(filter);
  if (filter.error_number() != 0) return PosixError(filter.error_number(), "seccomp_rule_add");
  return Export(context.get());
}

}  // namespace spool::worker
