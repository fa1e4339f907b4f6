// Owner of a file descriptor.

#ifndef SPOOL_SERVER_BASE_UNIQUE_FD_H_
#define SPOOL_SERVER_BASE_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace spool {

// Closes its descriptor when destroyed. -1 means none.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  // Gives the descriptor up to the caller.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    // Linux releases the descriptor even when close() reports an error, so there is nothing to retry.
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace spool

#endif  // SPOOL_SERVER_BASE_UNIQUE_FD_H_
