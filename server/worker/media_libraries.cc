#include "server/worker/media_libraries.h"

#include "server/av/allowed.h"
#include "server/av/libav.h"

namespace spool::worker {

std::string MediaLibrariesVersion() { return av_version_info(); }

void WarmUpMediaLibraries() {
  // Walking the lists registers every component and fills the allow-lists.
  void* position = nullptr;
  while (av_demuxer_iterate(&position) != nullptr) {
  }
  av::FindDecoder(AV_CODEC_ID_H264);
  av::AllowedDemuxers();
  // What the CPU can do is found out once and kept.
  av_get_cpu_flags();
}

}  // namespace spool::worker
