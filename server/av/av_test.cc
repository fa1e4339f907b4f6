#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/av/allowed.h"
#include "server/av/colour_tags.h"
#include "server/av/error.h"
#include "server/av/failure.h"
#include "server/av/file_io.h"
#include "server/av/filter_graph.h"
#include "server/av/handles.h"
#include "server/av/input.h"
#include "server/av/log_tail.h"
#include "server/av/memory_files.h"
#include "server/base/status_matchers.h"
#include "server/base/unique_fd.h"

namespace spool::av {
namespace {

using ::testing::HasSubstr;

UniqueFd MemoryFile(const std::string& content) {
  UniqueFd file(memfd_create("test", MFD_CLOEXEC));
  EXPECT_EQ(pwrite(file.get(), content.data(), content.size(), 0), static_cast<ssize_t>(content.size()));
  return file;
}

TEST(Failure, KeepsItsClassThroughTheStatus) {
  for (const Reason reason :
       {Reason::kInvalidSpec, Reason::kInvalidMedia, Reason::kUnsupportedMedia, Reason::kLimitExceeded,
        Reason::kOutOfSpace, Reason::kOutOfMemory, Reason::kIoError, Reason::kInternal}) {
    EXPECT_EQ(ReasonOf(Failure(reason, "why")), reason) << ReasonName(reason);
  }
  EXPECT_EQ(ReasonOf(absl::UnknownError("someone else's")), Reason::kInternal);
}

TEST(Failure, IsRetriedOnlyWhereAnotherAttemptMayHelp) {
  for (const Reason reason :
       {Reason::kInvalidSpec, Reason::kInvalidMedia, Reason::kUnsupportedMedia, Reason::kLimitExceeded}) {
    EXPECT_FALSE(IsRetryable(reason)) << ReasonName(reason);
  }
  for (const Reason reason : {Reason::kOutOfSpace, Reason::kOutOfMemory, Reason::kIoError, Reason::kInternal}) {
    EXPECT_TRUE(IsRetryable(reason)) << ReasonName(reason);
  }
}

TEST(Error, ClassesLibavsCodes) {
  EXPECT_EQ(ReasonOf(AvError(AVERROR(ENOMEM), "x")), Reason::kOutOfMemory);
  EXPECT_EQ(ReasonOf(AvError(AVERROR(ENOSPC), "x")), Reason::kOutOfSpace);
  EXPECT_EQ(ReasonOf(AvError(AVERROR(EIO), "x")), Reason::kIoError);
  EXPECT_EQ(ReasonOf(AvError(AVERROR_INVALIDDATA, "x")), Reason::kInvalidMedia);
  EXPECT_EQ(ReasonOf(AvError(AVERROR_DECODER_NOT_FOUND, "x")), Reason::kUnsupportedMedia);
  EXPECT_EQ(ReasonOf(AvError(AVERROR(EINVAL), "x")), Reason::kInternal);
  EXPECT_EQ(ReasonOf(AvError(AVERROR(EINVAL), "x", Reason::kInvalidMedia)), Reason::kInvalidMedia);
  EXPECT_THAT(std::string(AvError(AVERROR_EOF, "read it").message()), HasSubstr("read it: End of file"));
}

TEST(ColourTags, AreDroppedWhenTheyHaveNoName) {
  FramePtr frame(av_frame_alloc());
  frame->color_primaries = AVCOL_PRI_BT2020;
  frame->color_trc = AVCOL_TRC_ARIB_STD_B67;
  const unsigned unknown = 173;
  memcpy(&frame->colorspace, &unknown, sizeof(unknown));
  DropUnknownColours(*frame);
  EXPECT_EQ(frame->colorspace, AVCOL_SPC_UNSPECIFIED);
  EXPECT_EQ(frame->color_primaries, AVCOL_PRI_BT2020);
  EXPECT_EQ(frame->color_trc, AVCOL_TRC_ARIB_STD_B67);
}

TEST(FileIo, ReadsSeeksAndKnowsItsSize) {
  const UniqueFd file = MemoryFile("0123456789");
  auto io = FileIo::ForReading(file.get());
  ASSERT_OK(io);
  AVIOContext* context = (*io)->context();
  EXPECT_EQ(avio_size(context), 10);
  EXPECT_EQ(avio_seek(context, 7, SEEK_SET), 7);
  EXPECT_EQ(avio_r8(context), '7');
  EXPECT_EQ((*io)->read_through(), 10);
  EXPECT_EQ((*io)->error_number(), 0);
}

TEST(FileIo, TwoOverOneDescriptorDoNotDisturbEachOther) {
  const UniqueFd file = MemoryFile("0123456789");
  auto one = FileIo::ForReading(file.get());
  auto other = FileIo::ForReading(file.get());
  avio_skip((*one)->context(), 5);
  EXPECT_EQ(avio_r8((*other)->context()), '0');
  EXPECT_EQ(avio_r8((*one)->context()), '5');
}

TEST(FileIo, StopsWritingAtItsLimit) {
  const UniqueFd file = MemoryFile("");
  auto io = FileIo::ForWriting(file.get(), 8);
  ASSERT_OK(io);
  avio_write((*io)->context(), reinterpret_cast<const unsigned char*>("12345678"), 8);
  avio_flush((*io)->context());
  EXPECT_EQ((*io)->error_number(), 0);
  avio_w8((*io)->context(), '9');
  avio_flush((*io)->context());
  EXPECT_EQ((*io)->error_number(), EFBIG);
  EXPECT_EQ(lseek(file.get(), 0, SEEK_END), 8);
}

TEST(FileIo, RemembersTheKernelsReason) {
  const UniqueFd full(open("/dev/full", O_RDWR | O_CLOEXEC));
  auto io = FileIo::ForWriting(full.get(), 0);
  ASSERT_OK(io);
  avio_w8((*io)->context(), 'x');
  avio_flush((*io)->context());
  EXPECT_EQ((*io)->error_number(), ENOSPC);
}

TEST(Allowed, LeavesOutWhateverReachesBeyondTheFile) {
  for (const char* name : {"hls", "dash", "concat", "sdp", "rtsp", "image2", "lavfi", "tty", "imf", "svg_pipe"}) {
    const AVInputFormat* demuxer = av_find_input_format(name);
    EXPECT_TRUE(demuxer == nullptr || !IsAllowed(*demuxer)) << name;
  }
  for (const char* name : {"mp4", "matroska", "webm", "mpegts", "avi", "flv", "ogg", "mp3", "wav", "gif", "png_pipe"}) {
    const AVInputFormat* demuxer = av_find_input_format(name);
    ASSERT_NE(demuxer, nullptr) << name;
    EXPECT_TRUE(IsAllowed(*demuxer)) << name;
  }
}

TEST(Allowed, FindsADecoderForWhatSpoolPromises) {
  for (const AVCodecID id :
       {AV_CODEC_ID_H264,       AV_CODEC_ID_HEVC,  AV_CODEC_ID_VP8,       AV_CODEC_ID_VP9,    AV_CODEC_ID_AV1,
        AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG4, AV_CODEC_ID_MJPEG,     AV_CODEC_ID_PNG,    AV_CODEC_ID_WEBP,
        AV_CODEC_ID_GIF,        AV_CODEC_ID_AAC,   AV_CODEC_ID_MP3,       AV_CODEC_ID_OPUS,   AV_CODEC_ID_VORBIS,
        AV_CODEC_ID_FLAC,       AV_CODEC_ID_AC3,   AV_CODEC_ID_PCM_S16LE, AV_CODEC_ID_SUBRIP, AV_CODEC_ID_MOV_TEXT,
        AV_CODEC_ID_WEBVTT}) {
    EXPECT_NE(FindDecoder(id), nullptr) << avcodec_get_name(id);
  }
  EXPECT_STREQ(FindDecoder(AV_CODEC_ID_VP9)->name, "vp9");
  EXPECT_STREQ(FindDecoder(AV_CODEC_ID_VP9, /*want_alpha=*/true)->name, "libvpx-vp9");
  EXPECT_EQ(FindDecoder(AV_CODEC_ID_BMV_VIDEO), nullptr);
}

TEST(Input, TellsEmptyFromUnknownFromForbidden) {
  EXPECT_EQ(ReasonOf(Input::Open(MemoryFile("").get(), {}).status()), Reason::kInvalidMedia);
  EXPECT_EQ(ReasonOf(Input::Open(MemoryFile("no media at all").get(), {}).status()), Reason::kInvalidMedia);
  const auto playlist = Input::Open(MemoryFile("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n").get(), {});
  EXPECT_EQ(ReasonOf(playlist.status()), Reason::kUnsupportedMedia);
  EXPECT_THAT(std::string(playlist.status().message()), HasSubstr("hls"));
}

TEST(Input, ReadsSizesBeyondAllMeasureFromAPng) {
  // Signature, IHDR of 60000 x 60000, and the beginning of IDAT.
  std::string png("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0", 29);
  png += std::string("\xf9\xe5\x87\x6d", 4) + std::string("\0\0\0\x04IDAT\x78\x9c\x63\0\0\0\0\0", 16);
  InputOptions options;
  options.max_pixels = 1000000;
  const auto input = Input::Open(MemoryFile(png).get(), options);
  EXPECT_EQ(ReasonOf(input.status()), Reason::kLimitExceeded) << input.status();
}

TEST(FilterGraph, PassesFramesAndRefusesNonsense) {
  FramePtr frame(av_frame_alloc());
  frame->width = frame->height = 16;
  frame->format = AV_PIX_FMT_GRAY8;
  frame->time_base = {1, 25};
  ASSERT_GE(av_frame_get_buffer(frame.get(), 0), 0);
  EXPECT_EQ(ReasonOf(FilterGraph::Create(*frame, "no_such_filter", 1).status()), Reason::kInternal);

  auto graph = FilterGraph::Create(*frame, "scale=8:4", 1);
  ASSERT_OK(graph);
  auto nothing = (*graph)->Pull();
  ASSERT_OK(nothing);
  EXPECT_EQ(*nothing, nullptr);
  ASSERT_OK((*graph)->Push(std::move(frame)));
  auto scaled = (*graph)->Pull();
  ASSERT_OK(scaled);
  ASSERT_NE(*scaled, nullptr);
  EXPECT_EQ((*scaled)->width, 8);
  EXPECT_EQ((*scaled)->height, 4);
}

TEST(LogTail, KeepsTheLastLinesOnceEachAndPassesThemOn) {
  std::vector<std::string> seen;
  CaptureLog([&seen](const std::string& line) { seen.push_back(line); });
  for (int i = 0; i < 2 * kLogTailLines; ++i) {
    av_log(nullptr, AV_LOG_ERROR, "line %d\n", i);
    av_log(nullptr, AV_LOG_ERROR, "line %d\n", i);
    av_log(nullptr, AV_LOG_INFO, "too small to keep\n");
  }
  EXPECT_EQ(seen.size(), 2u * kLogTailLines);
  EXPECT_EQ(LogTail().size(), static_cast<size_t>(kLogTailLines));
  EXPECT_EQ(LogTail().back(), "line 39");
  av_log(nullptr, AV_LOG_ERROR, "\xff\x01 bytes that are no text\n");
  EXPECT_EQ(LogTail().back(), "?? bytes that are no text");
  CaptureLog(nullptr);
}

TEST(MemoryFile, IsReadBackUnderTheNameThatItWasRenamedTo) {
  const std::string name = MemoryFileName("notes");
  FILE* file = fopen((name + ".temp").c_str(), "wb");
  ASSERT_NE(file, nullptr);
  fprintf(file, "pass %d", 1);
  fclose(file);
  EXPECT_EQ(fopen(name.c_str(), "rb"), nullptr);
  ASSERT_EQ(rename((name + ".temp").c_str(), name.c_str()), 0);
  file = fopen(name.c_str(), "rb");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(fseek(file, 0, SEEK_END), 0);
  EXPECT_EQ(ftell(file), 6);
  rewind(file);
  std::array<char, 16> text = {};
  EXPECT_EQ(fread(text.data(), 1, text.size(), file), 6);
  fclose(file);
  EXPECT_STREQ(text.data(), "pass 1");
  EXPECT_EQ(unlink(name.c_str()), 0);
  EXPECT_EQ(fopen(name.c_str(), "rb"), nullptr);
}

TEST(MemoryFile, LeavesOtherNamesToTheCLibrary) {
  const std::string path = std::string(getenv("TEST_TMPDIR")) + "/real";
  FILE* file = fopen(path.c_str(), "wb");
  ASSERT_NE(file, nullptr);
  fclose(file);
  EXPECT_EQ(rename(path.c_str(), (path + "2").c_str()), 0);
  EXPECT_EQ(access((path + "2").c_str(), F_OK), 0);
  EXPECT_EQ(unlink((path + "2").c_str()), 0);
}

}  // namespace
}  // namespace spool::av
