// What a process that has entered the sandbox can still do to others: it tries everything, and each attempt has to
// fail.

#include "server/worker/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"

namespace spool::worker {
namespace {

constexpr int kSucceeded = 0;
// Exit codes above all errnos.
constexpr int kNoSandbox = 200;
constexpr int64_t kMemory = int64_t{8} << 30;

// Sockets and files that the process had before, as if it had got hold of one.
int g_inet = -1, g_unix = -1, g_file = -1;
pid_t g_victim = -1;

template <typename... Arguments>
bool Call(long number, Arguments... arguments) {
  return syscall(number, arguments...) >= 0;
}

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

struct Attempt {
  const char* name;
  // Whether it worked; else errno says why not. Anything but a return is the kernel's doing.
  bool (*act)();
};

constexpr char kProgram[] = "/bin/true";

const Attempt kAttempts[] = {
    {"open /etc/passwd", [] { return open("/etc/passwd", O_RDONLY) >= 0; }},
    {"open /etc/passwd by SYS_open", [] { return Call(SYS_open, "/etc/passwd", O_RDONLY, 0); }},
    {"openat2 of /etc/passwd",
     [] {
       open_how how = {};
       return Call(SYS_openat2, AT_FDCWD, "/etc/passwd", &how, sizeof(how));
     }},
    {"open_by_handle_at", [] { return Call(SYS_open_by_handle_at, AT_FDCWD, nullptr, O_RDONLY); }},
    {"make a file", [] { return open("/tmp/spool-escape", O_WRONLY | O_CREAT, 0600) >= 0; }},
    {"make a nameless file", [] { return open("/tmp", O_WRONLY | O_TMPFILE, 0600) >= 0; }},
    {"read its own memory's map", [] { return open("/proc/self/maps", O_RDONLY) >= 0; }},
    {"stat /etc/passwd",
     [] {
       struct stat file;
       return stat("/etc/passwd", &file) == 0;
     }},
    {"follow a link",
     [] {
       char target[64];
       return readlink("/proc/self/exe", target, sizeof(target)) >= 0;
     }},
    {"remove a file", [] { return unlink("/tmp/spool-escape") == 0; }},
    {"make a folder", [] { return mkdir("/tmp/spool-escape", 0700) == 0; }},
    {"rename a file", [] { return rename("/tmp/a", "/tmp/b") == 0; }},
    {"make a link", [] { return symlink("/etc/passwd", "/tmp/spool-escape") == 0; }},
    {"change folder", [] { return chdir("/") == 0; }},
    {"socket inet", [] { return socket(AF_INET, SOCK_STREAM, 0) >= 0; }},
    {"socket unix", [] { return socket(AF_UNIX, SOCK_STREAM, 0) >= 0; }},
    {"socket netlink", [] { return socket(AF_NETLINK, SOCK_RAW, 0) >= 0; }},
    {"socketpair",
     [] {
       int pair[2];
       return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0;
     }},
    {"connect an inet socket it has",
     [] {
       const sockaddr_in to = Loopback(1);
       // Refused means that it got there.
       return connect(g_inet, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0 || errno == ECONNREFUSED;
     }},
    {"bind an inet socket it has",
     [] {
       const sockaddr_in at = Loopback(0);
       return bind(g_inet, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) == 0;
     }},
    {"bind a unix socket it has",
     [] {
       sockaddr_un at = {};
       at.sun_family = AF_UNIX;
       strcpy(at.sun_path + 1, "spool-escape");
       return bind(g_unix, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) == 0;
     }},
    {"listen on a socket it has", [] { return listen(g_inet, 1) == 0; }},
    {"send over a socket it has",
     [] {
       sockaddr_in to = Loopback(9);
       msghdr message = {};
       message.msg_name = &to;
       message.msg_namelen = sizeof(to);
       return sendmsg(g_inet, &message, 0) >= 0;
     }},
    {"pass on a descriptor", [] { return dup(g_file) >= 0; }},
    {"fork", [] { return Call(SYS_fork); }},
    {"vfork", [] { return Call(SYS_vfork); }},
    {"clone a process", [] { return Call(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr); }},
    {"clone3 a process", [] { return Call(SYS_clone3, nullptr, 0); }},
    {"execve",
     [] {
       char* const none[] = {nullptr};
       return execve(kProgram, none, none) == 0;
     }},
    {"execveat", [] { return Call(SYS_execveat, AT_FDCWD, kProgram, nullptr, nullptr, 0); }},
    {"ptrace the parent", [] { return ptrace(PTRACE_ATTACH, getppid(), nullptr, nullptr) == 0; }},
    {"ptrace a sibling", [] { return ptrace(PTRACE_ATTACH, g_victim, nullptr, nullptr) == 0; }},
    {"read a sibling's memory", [] { return Call(SYS_process_vm_readv, g_victim, nullptr, 0, nullptr, 0, 0); }},
    {"kill a sibling", [] { return kill(g_victim, SIGKILL) == 0; }},
    {"tgkill a sibling", [] { return Call(SYS_tgkill, g_victim, g_victim, SIGKILL); }},
    {"open a sibling's pidfd", [] { return Call(SYS_pidfd_open, g_victim, 0); }},
    {"setuid", [] { return setuid(0) == 0; }},
    {"setgid", [] { return setgid(0) == 0; }},
    {"capset", [] { return Call(SYS_capset, nullptr, nullptr); }},
    {"raise a limit",
     [] {
       const rlimit more = {RLIM_INFINITY, RLIM_INFINITY};
       return setrlimit(RLIMIT_NOFILE, &more) == 0;
     }},
    {"map memory that can be run",
     [] { return mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED; }},
    {"make memory run",
     [] {
       void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
       return mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
     }},
    {"take more memory than its limit",
     [] { return mmap(nullptr, kMemory, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED; }},
    {"write more than its limit", [] { return pwrite(g_file, "x", 1, 4096) == 1; }},
    {"mount", [] { return Call(SYS_mount, "none", "/tmp", "tmpfs", 0, nullptr); }},
    {"chroot", [] { return chroot("/") == 0; }},
    {"unshare", [] { return unshare(CLONE_NEWUSER) == 0; }},
    {"setns", [] { return setns(g_file, 0) == 0; }},
    {"io_uring_setup", [] { return Call(SYS_io_uring_setup, 1, nullptr); }},
    {"bpf", [] { return Call(SYS_bpf, 0, nullptr, 0); }},
    {"keyctl", [] { return Call(SYS_keyctl, 0, 0, 0, 0, 0); }},
    {"perf_event_open", [] { return Call(SYS_perf_event_open, nullptr, 0, -1, -1, 0); }},
    {"userfaultfd", [] { return Call(SYS_userfaultfd, 0); }},
    {"memfd_create", [] { return memfd_create("x", 0) >= 0; }},
    {"shared memory", [] { return Call(SYS_shmget, 0, 4096, 0600); }},
    {"inotify", [] { return Call(SYS_inotify_init1, 0); }},
    {"let itself be dumped", [] { return prctl(PR_SET_DUMPABLE, 1) == 0; }},
    {"ioctl", [] { return Call(SYS_ioctl, 0, 0x5412, "x"); }},
    {"a second filter", [] { return Call(SYS_seccomp, 1, 0, nullptr); }},
};

class SandboxTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    // Not the one descriptor that may be sent over.
    g_inet = fcntl(socket(AF_INET, SOCK_DGRAM, 0), F_DUPFD, kJobSocketFd + 1);
    g_unix = socket(AF_UNIX, SOCK_STREAM, 0);
    g_file = open(::testing::TempDir().c_str(), O_RDWR | O_TMPFILE, 0600);
    g_victim = fork();
    if (g_victim == 0) {
      for (;;) pause();
    }
  }
  static void TearDownTestSuite() {
    kill(g_victim, SIGKILL);
    waitpid(g_victim, nullptr, 0);
  }

  void SetUp() override {
    absl::StatusOr<Sandbox> sandbox = Sandbox::Create();
    ASSERT_OK(sandbox.status());
    for (const std::string& layer : sandbox->missing()) GTEST_SKIP() << layer;
    sandbox_ = std::make_unique<Sandbox>(*std::move(sandbox));
  }

  // How a process in the sandbox ends that does `act`.
  int StatusOf(bool (*act)()) {
    const pid_t child = fork();
    if (child == 0) {
      signal(SIGXFSZ, SIG_IGN);
      ResourceLimits limits;
      limits.max_memory_bytes = kMemory;
      limits.max_output_bytes = 4096;
      if (!sandbox_->Enter(limits).ok()) _exit(kNoSandbox);
      errno = 0;
      _exit(act() ? kSucceeded : errno);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return status;
  }

  std::unique_ptr<Sandbox> sandbox_;
};

TEST_F(SandboxTest, NothingThatIsTriedInItWorks) {
  for (const Attempt& attempt : kAttempts) {
    const int status = StatusOf(attempt.act);
    const std::string outcome = WIFSIGNALED(status) ? absl::StrCat("killed by ", strsignal(WTERMSIG(status)))
                                : WEXITSTATUS(status) == kSucceeded
                                    ? "SUCCEEDED"
                                    : absl::StrCat("refused: ", strerror(WEXITSTATUS(status)));
    printf("| %s | %s |\n", attempt.name, outcome.c_str());
    if (WIFSIGNALED(status)) {
      EXPECT_EQ(WTERMSIG(status), SIGSYS) << attempt.name;
    } else {
      EXPECT_NE(WEXITSTATUS(status), kSucceeded) << attempt.name;
      EXPECT_NE(WEXITSTATUS(status), kNoSandbox) << attempt.name;
    }
  }
  EXPECT_EQ(kill(g_victim, 0), 0) << "the sibling is dead";
}

TEST_F(SandboxTest, AllowsWhatCodecsNeed) {
  constexpr bool (*kNeeded[])() = {
      [] { return pread(g_file, nullptr, 0, 0) == 0; },
      [] { return pwrite(g_file, "x", 1, 0) == 1; },
      [] { return mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED; },
      [] { return malloc(64 << 20) != nullptr; },
  };
  for (auto* act : kNeeded) {
    const int status = StatusOf(act);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == kSucceeded) << status;
  }
}

}  // namespace
}  // namespace spool::worker
