// The end of the line: pulls every output stream and writes what comes, in the order of time.

#ifndef SPOOL_SERVER_MEDIA_MUXER_H_
#define SPOOL_SERVER_MEDIA_MUXER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/av/output.h"
#include "server/media/demuxer.h"
#include "server/media/stage.h"

namespace spool::media {

class Muxer {
 public:
  // What has been written of one stream.
  struct Written {
    int64_t packets = 0;
    // End of the last packet in time.
    absl::Duration end = absl::ZeroDuration();
  };

  explicit Muxer(std::unique_ptr<av::Output> output) : output_(std::move(output)) {}

  AVFormatContext* context() const { return output_->context(); }

  // `stream` is one of context()'s. Before Run, once for each, in their order.
  void Connect(AVStream* stream, std::unique_ptr<PacketSource> source, Appetite appetite);

  // Writes the header, all packets until every stream has ended, and the index. Calls `after_packet` in between.
  absl::Status Run(av::Dictionary& settings, absl::AnyInvocable<absl::Status()> after_packet);

  const Written& written(int output_stream) const { return branches_[output_stream].written; }
  // Media time up to which all is written.
  absl::Duration media_time() const { return media_time_; }

 private:
  struct Branch {
    AVStream* stream;
    std::unique_ptr<PacketSource> source;
    Appetite appetite;
    // The one packet that waits for its turn.
    av::PacketPtr head;
    bool ended = false;
    int64_t last_dts = AV_NOPTS_VALUE;
    Written written;
  };

  absl::Status FillHeads();
  // The branch whose packet is due; null when none has one.
  Branch* Earliest();
  bool OnlySparseLeft() const;
  absl::Status Write(Branch& branch);

  const std::unique_ptr<av::Output> output_;
  std::vector<Branch> branches_;
  absl::Duration media_time_ = absl::ZeroDuration();
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_MUXER_H_
