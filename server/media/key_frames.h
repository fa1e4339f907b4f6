// Where a stream can be cut without encoding anything.

#ifndef SPOOL_SERVER_MEDIA_KEY_FRAMES_H_
#define SPOOL_SERVER_MEDIA_KEY_FRAMES_H_

#include <set>
#include <vector>

#include "absl/time/time.h"
#include "server/av/input.h"

namespace spool::media {

// Those of `times`, counted from the input's beginning, at which a key frame is shown such that no picture after it in
// the file is shown before it. Goes about in `input`, which is of no use for reading it through afterwards.
std::vector<absl::Duration> KeyFramesAmong(av::Input& input, int stream, const std::set<absl::Duration>& times);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_KEY_FRAMES_H_
