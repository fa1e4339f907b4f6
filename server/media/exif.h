// The orientation tag of a JPEG, by which cameras say how they were held.

#ifndef SPOOL_SERVER_MEDIA_EXIF_H_
#define SPOOL_SERVER_MEDIA_EXIF_H_

#include "absl/strings/string_view.h"
#include "server/media/geometry.h"

namespace spool::media {

// From the beginning of a JPEG file (64 KiB are plenty); upright if there is no tag or it makes no sense. Never reads
// outside `bytes`, whatever they hold.
Orientation OrientationOfJpeg(absl::string_view bytes);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_EXIF_H_
