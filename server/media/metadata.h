// What a file says about itself, carried over to the output.

#ifndef SPOOL_SERVER_MEDIA_METADATA_H_
#define SPOOL_SERVER_MEDIA_METADATA_H_

#include "absl/status/status.h"
#include "server/av/libav.h"
#include "server/media/plan.h"

namespace spool::media {

// Title, artist and the like; chapters, on the timeline of `range`.
absl::Status CopyFileMetadata(const AVFormatContext& from, const TimeRange& range, AVFormatContext* to);

// Language and role (default, forced, commentary...); title and the like unless `strip`.
void CopyStreamMetadata(const AVStream& from, bool strip, AVStream* to);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_METADATA_H_
