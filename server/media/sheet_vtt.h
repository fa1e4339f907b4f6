// The text file beside a sprite sheet, which tells players what to show when.

#ifndef SPOOL_SERVER_MEDIA_SHEET_VTT_H_
#define SPOOL_SERVER_MEDIA_SHEET_VTT_H_

#include <string>

#include "absl/time/time.h"
#include "server/media/ask.h"
#include "server/media/geometry.h"

namespace spool::media {

// WebVTT with one cue for each picture of `tile` size, "{image}#xywh=x,y,w,h". The last ends at `length`, unless that
// is unknown (zero).
std::string SheetVtt(const Sheet& sheet, Size tile, absl::Duration length);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_SHEET_VTT_H_
