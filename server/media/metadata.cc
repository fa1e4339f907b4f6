#include "server/media/metadata.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "server/av/failure.h"
#include "server/media/demuxer.h"

namespace spool::media {
namespace {

// Facts about the input's file or coding, which are not true of the output.
bool IsAboutCoding(absl::string_view key) {
  constexpr std::array<absl::string_view, 10> kKeys = {"major_brand", "minor_version", "compatible_brands", "encoder",
                                                       "duration",    "rotate",        "handler_name",      "vendor_id",
                                                       "timecode",    "filesize"};
  for (const absl::string_view known : kKeys) {
    if (absl::EqualsIgnoreCase(key, known)) return true;
  }
  // What Matroska writers note about each stream: BPS, NUMBER_OF_FRAMES, _STATISTICS_TAGS, and their language variants.
  return absl::StartsWith(key, "_STATISTICS") || absl::StartsWith(key, "NUMBER_OF_") || absl::StartsWith(key, "BPS") ||
         absl::StartsWith(key, "DURATION-");
}

void CopyTags(AVDictionary* from, AVDictionary** to) {
  const AVDictionaryEntry* entry = nullptr;
  while ((entry = av_dict_get(from, "", entry, AV_DICT_IGNORE_SUFFIX)) != nullptr) {
    if (!IsAboutCoding(entry->key)) av_dict_set(to, entry->key, entry->value, 0);
  }
}

}  // namespace

absl::Status CopyFileMetadata(const AVFormatContext& from, const TimeRange& range, AVFormatContext* to) {
  CopyTags(from.metadata, &to->metadata);
  const int64_t origin = TimelineOrigin(from) + absl::ToInt64Microseconds(range.start);
  const int64_t length =
      range.end == absl::InfiniteDuration() ? INT64_MAX : absl::ToInt64Microseconds(range.end - range.start);
  to->chapters = static_cast<AVChapter**>(av_calloc(std::max(from.nb_chapters, 1u), sizeof(AVChapter*)));
  if (to->chapters == nullptr) return av::Failure(av::Reason::kOutOfMemory, "no memory for chapters");
  for (unsigned i = 0; i < from.nb_chapters; ++i) {
    const AVChapter& chapter = *from.chapters[i];
    const int64_t start = av_rescale_q(chapter.start, chapter.time_base, AV_TIME_BASE_Q) - origin;
    const int64_t end = av_rescale_q(chapter.end, chapter.time_base, AV_TIME_BASE_Q) - origin;
    if (end <= 0 || start >= length) continue;
    auto* copy = static_cast<AVChapter*>(av_mallocz(sizeof(AVChapter)));
    if (copy == nullptr) return av::Failure(av::Reason::kOutOfMemory, "no memory for chapters");
    copy->id = chapter.id;
    copy->time_base = AV_TIME_BASE_Q;
    copy->start = std::max<int64_t>(start, 0);
    copy->end = std::min(end, length);
    CopyTags(chapter.metadata, &copy->metadata);
    to->chapters[to->nb_chapters++] = copy;
  }
  return absl::OkStatus();
}

void CopyStreamMetadata(const AVStream& from, bool strip, AVStream* to) {
  if (!strip) {
    CopyTags(from.metadata, &to->metadata);
  } else if (const AVDictionaryEntry* language = av_dict_get(from.metadata, "language", nullptr, 0)) {
    av_dict_set(&to->metadata, "language", language->value, 0);
  }
  to->disposition = from.disposition;
}

}  // namespace spool::media
