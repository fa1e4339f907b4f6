#include "server/av/output.h"

#include <errno.h>

#include "absl/strings/str_cat.h"
#include "server/av/error.h"
#include "server/base/status_macros.h"

namespace spool::av {

absl::StatusOr<std::unique_ptr<Output>> Output::Create(int fd, const char* muxer, int64_t max_bytes) {
  std::unique_ptr<Output> output(new Output(fd, max_bytes));
  SPOOL_ASSIGN_OR_RETURN(output->io_, FileIo::ForWriting(fd, max_bytes));
  const int rc = avformat_alloc_output_context2(&output->context_, nullptr, muxer, nullptr);
  if (rc < 0) return AvError(rc, absl::StrCat("make a ", muxer, " writer"), Reason::kUnsupportedMedia);
  AVFormatContext* context = output->context_;
  context->pb = output->io_->context();
  // Bit-exact above all because the Matroska muxer otherwise asks for random ids; with /dev/urandom out of reach,
  // FFmpeg 5.1 spins for 250 ms to gather noise.
  context->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT;
  context->opaque = output.get();
  context->io_open = &OpenAgain;
  context->io_close2 = &CloseAgain;
  return output;
}

Output::~Output() { avformat_free_context(context_); }

int Output::OpenAgain(AVFormatContext* context, AVIOContext** io, const char*, int flags, AVDictionary**) {
  auto* self = static_cast<Output*>(context->opaque);
  if ((flags & AVIO_FLAG_WRITE) != 0 || self->read_back_ != nullptr) return AVERROR(EACCES);
  auto again = FileIo::ForReading(self->fd_);
  if (!again.ok()) return AVERROR(ENOMEM);
  self->read_back_ = *std::move(again);
  *io = self->read_back_->context();
  return 0;
}

int Output::CloseAgain(AVFormatContext* context, AVIOContext*) {
  static_cast<Output*>(context->opaque)->read_back_.reset();
  return 0;
}

absl::Status Output::Outcome(int rc, const char* what, Reason otherwise) const {
  const int reason = io_->error_number();
  if (reason == EFBIG) {
    return Failure(Reason::kLimitExceeded, max_bytes_ > 0
                                               ? absl::StrCat("the output grew beyond ", max_bytes_, " bytes")
                                               : std::string("the output grew beyond the file size limit"));
  }
  if (reason != 0) return AvError(AVERROR(reason), what, Reason::kIoError);
  return rc < 0 ? AvError(rc, what, otherwise) : absl::OkStatus();
}

absl::Status Output::WriteHeader(Dictionary& settings) {
  // What a muxer refuses at this point is a copied stream whose parameters make no sense.
  return Outcome(avformat_write_header(context_, settings.address()), "write the output's header",
                 Reason::kUnsupportedMedia);
}

absl::Status Output::Write(AVPacket* packet) {
  const std::string what = absl::StrCat("write a packet of output stream ", packet->stream_index);
  return Outcome(av_write_frame(context_, packet), what.c_str());
}

absl::Status Output::Finish() {
  int rc = av_write_trailer(context_);
  avio_flush(context_->pb);
  if (rc >= 0) rc = context_->pb->error;
  return Outcome(rc, "write the output's index");
}

}  // namespace spool::av
