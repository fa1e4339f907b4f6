// What went wrong on the way without ending the job.

#ifndef SPOOL_SERVER_MEDIA_DAMAGE_H_
#define SPOOL_SERVER_MEDIA_DAMAGE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "server/base/mutex.h"

namespace spool::media {

// Shared by the stages of one job, which count into it. Thread-safe.
class Damage {
 public:
  // A packet that the decoder refused, or a frame that it had to guess parts of.
  void AddDecodeError(int stream);
  // The input is not what it should be: something said once, in words.
  void Add(std::string warning);
  // The same of what is nobody's damage but worth a word.
  void Note(std::string warning);

  // Whether anything is damaged.
  bool any() const;

  // As warnings for people.
  std::vector<std::string> Warnings() const;

 private:
  mutable Mutex mu_;
  std::map<int, int64_t> decode_errors_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> warnings_ ABSL_GUARDED_BY(mu_);
  bool any_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_DAMAGE_H_
