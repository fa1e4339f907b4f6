#include "server/av/error.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "server/av/libav.h"

namespace spool::av {
namespace {

Reason ReasonFor(int code, Reason otherwise) {
  switch (code) {
    case AVERROR(ENOMEM):
      return Reason::kOutOfMemory;
    case AVERROR(ENOSPC):
    case AVERROR(EDQUOT):
      return Reason::kOutOfSpace;
    case AVERROR(EFBIG):
      return Reason::kLimitExceeded;
    case AVERROR(EIO):
      return Reason::kIoError;
    case AVERROR_INVALIDDATA:
    case AVERROR_EOF:
      return Reason::kInvalidMedia;
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_DEMUXER_NOT_FOUND:
    case AVERROR_ENCODER_NOT_FOUND:
    case AVERROR_MUXER_NOT_FOUND:
    case AVERROR_PATCHWELCOME:
    case AVERROR(ENOSYS):
      return Reason::kUnsupportedMedia;
    default:
      return otherwise;
  }
}

}  // namespace

std::string ErrorText(int code) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text = {};
  av_strerror(code, text.data(), text.size());
  return text.data();
}

absl::Status AvError(int code, absl::string_view what, Reason otherwise) {
  return Failure(ReasonFor(code, otherwise), absl::StrCat(what, ": ", ErrorText(code)));
}

}  // namespace spool::av
