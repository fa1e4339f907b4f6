// What an animated WebP holds. FFmpeg 5.1 writes them but cannot read them.

#ifndef SPOOL_SERVER_MEDIA_WEBP_FILE_H_
#define SPOOL_SERVER_MEDIA_WEBP_FILE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/media/geometry.h"

namespace spool::media {

struct WebpFacts {
  Size canvas;
  int64_t frames = 0;
  absl::Duration duration = absl::ZeroDuration();
};

// Whether the file's first bytes, 21 at least, are those of an animated WebP.
bool IsAnimatedWebp(absl::string_view head);

// Follows the file's chunks to its end. DataLoss: they do not fit together.
absl::StatusOr<WebpFacts> ReadAnimatedWebp(int fd);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_WEBP_FILE_H_
