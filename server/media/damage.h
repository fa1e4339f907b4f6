// What went wrong on the way without ending the job.

#ifndef SPOOL_SERVER_MEDIA_DAMAGE_H_
#define SPOOL_SERVER_MEDIA_DAMAGE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace spool::media {

// Shared by the stages of one job, which count into it.
class Damage {
 public:
  // A packet that the decoder refused, or a frame that it had to guess parts of.
  void AddDecodeError(int stream) { ++decode_errors_[stream]; }
  // Something said once, in words.
  void Add(std::string warning);

  // As warnings for people.
  std::vector<std::string> Warnings() const;

 private:
  std::map<int, int64_t> decode_errors_;
  std::vector<std::string> warnings_;
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_DAMAGE_H_
