// What a stream says of its colours.

#ifndef SPOOL_SERVER_AV_COLOUR_TAGS_H_
#define SPOOL_SERVER_AV_COLOUR_TAGS_H_

#include "server/av/libav.h"

namespace spool::av {

// Decoders and demuxers pass on whatever number the file has. One beyond the last that libav knows becomes
// "unspecified": to C++ it may be no value of the enum at all.
void DropUnknownColours(AVFrame& frame);
void DropUnknownColours(AVCodecParameters& codec);

}  // namespace spool::av

#endif  // SPOOL_SERVER_AV_COLOUR_TAGS_H_
