// The FFmpeg libraries' headers, in C++. Everything above server/av/ gets libav types from here.

#ifndef SPOOL_SERVER_AV_LIBAV_H_
#define SPOOL_SERVER_AV_LIBAV_H_

extern "C" {
#include <libavcodec/ac3_parser.h>
#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavformat/avformat.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/avstring.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/cpu.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/mastering_display_metadata.h>
#include <libavutil/opt.h>
#include <libavutil/parseutils.h>
#include <libavutil/pixdesc.h>
}

#endif  // SPOOL_SERVER_AV_LIBAV_H_
