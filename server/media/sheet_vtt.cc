#include "server/media/sheet_vtt.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace spool::media {
namespace {

std::string Stamp(absl::Duration time) {
  const int64_t millis = absl::ToInt64Milliseconds(time);
  return absl::StrFormat("%02d:%02d:%02d.%03d", millis / 3600000, millis / 60000 % 60, millis / 1000 % 60,
                         millis % 1000);
}

}  // namespace

std::string SheetVtt(const Sheet& sheet, Size tile, absl::Duration length) {
  std::string text = "WEBVTT\n";
  for (int i = 0; i < sheet.count; ++i) {
    const absl::Duration begin = sheet.interval * i;
    absl::Duration end = begin + sheet.interval;
    if (i == sheet.count - 1 && length > begin) end = length;
    absl::StrAppend(&text, "\n", Stamp(begin), " --> ", Stamp(end), "\n{image}#xywh=", i % sheet.columns * tile.width,
                    ",", i / sheet.columns * tile.height, ",", tile.width, ",", tile.height, "\n");
  }
  return text;
}

}  // namespace spool::media
