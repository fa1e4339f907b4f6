// Which demuxers and decoders Spool runs on what strangers send. Everything else in libav is off.

#ifndef SPOOL_SERVER_AV_ALLOWED_H_
#define SPOOL_SERVER_AV_ALLOWED_H_

#include <string>

#include "server/av/libav.h"

namespace spool::av {

// As libav's format_whitelist and codec_whitelist want them: names joined by commas.
const std::string& AllowedDemuxers();
const std::string& AllowedDecoders();

bool IsAllowed(const AVInputFormat& demuxer);

// The decoder to use for `id`: the first that is allowed; null when there is none. libvpx for VP8 and VP9 only when
// `want_alpha`: FFmpeg's own decoders are faster but lose the alpha plane.
const AVCodec* FindDecoder(AVCodecID id, bool want_alpha = false);

}  // namespace spool::av

#endif  // SPOOL_SERVER_AV_ALLOWED_H_
