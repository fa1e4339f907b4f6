#include "server/av/colour_tags.h"

#include <cstring>
#include <type_traits>

namespace spool::av {
namespace {

template <typename Enum>
void DropUnknown(Enum& value, Enum count, Enum unspecified) {
  std::underlying_type_t<Enum> number;
  static_assert(sizeof(number) == sizeof(value));
  // Not read as what it may not be.
  memcpy(&number, &value, sizeof(number));
  if (number >= static_cast<decltype(number)>(count)) value = unspecified;
}

}  // namespace

void DropUnknownColours(AVFrame& frame) {
  DropUnknown(frame.color_range, AVCOL_RANGE_NB, AVCOL_RANGE_UNSPECIFIED);
  DropUnknown(frame.color_primaries, AVCOL_PRI_NB, AVCOL_PRI_UNSPECIFIED);
  DropUnknown(frame.color_trc, AVCOL_TRC_NB, AVCOL_TRC_UNSPECIFIED);
  DropUnknown(frame.colorspace, AVCOL_SPC_NB, AVCOL_SPC_UNSPECIFIED);
  DropUnknown(frame.chroma_location, AVCHROMA_LOC_NB, AVCHROMA_LOC_UNSPECIFIED);
}

void DropUnknownColours(AVCodecParameters& codec) {
  DropUnknown(codec.color_range, AVCOL_RANGE_NB, AVCOL_RANGE_UNSPECIFIED);
  DropUnknown(codec.color_primaries, AVCOL_PRI_NB, AVCOL_PRI_UNSPECIFIED);
  DropUnknown(codec.color_trc, AVCOL_TRC_NB, AVCOL_TRC_UNSPECIFIED);
  DropUnknown(codec.color_space, AVCOL_SPC_NB, AVCOL_SPC_UNSPECIFIED);
  DropUnknown(codec.chroma_location, AVCHROMA_LOC_NB, AVCHROMA_LOC_UNSPECIFIED);
}

}  // namespace spool::av
