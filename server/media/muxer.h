// The end of the line: pulls every output stream and writes what comes, in the order of time.

#ifndef SPOOL_SERVER_MEDIA_MUXER_H_
#define SPOOL_SERVER_MEDIA_MUXER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
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
  void Connect(AVStream* stream, std::unique_ptr<PacketSource> source, Appetite appetite, bool counted = false);

  // Writes the header.
  absl::Status Begin(av::Dictionary& settings);
  // Writes the next packet. False: every stream has ended.
  absl::StatusOr<bool> Step();
  // Writes the index.
  absl::Status Finish();

  const Written& written(int output_stream) const { return branches_[output_stream].written; }

  // What another thread may ask at any time.
  struct Progress {
    // Media time up to which all is written.
    absl::Duration media_time;
    // Packets of the stream that `Connect` was told to count.
    int64_t frames = 0;
    int64_t bytes = 0;
  };
  Progress progress() const;

 private:
  struct Branch {
    AVStream* stream;
    std::unique_ptr<PacketSource> source;
    Appetite appetite;
    bool counted;
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
  std::atomic<int64_t> media_micros_ = 0;
  std::atomic<int64_t> frames_ = 0;
  std::atomic<int64_t> bytes_ = 0;
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_MUXER_H_
