#include "server/media/progress.h"

#include <algorithm>
#include <utility>

#include "server/base/proto_time.h"

namespace spool::media {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(100);
constexpr absl::Duration kWindow = absl::Seconds(5);
// Index, check and flush come after the last packet.
constexpr double kMostBeforeEnd = 0.99;

v1::ProgressBasis BasisOf(const ProgressMeter::Whole& whole) {
  if (whole.duration > absl::ZeroDuration()) return v1::PROGRESS_BASIS_TIME;
  if (whole.frames > 0) return v1::PROGRESS_BASIS_FRAMES;
  if (whole.bytes > 0) return v1::PROGRESS_BASIS_BYTES;
  return v1::PROGRESS_BASIS_INDETERMINATE;
}

}  // namespace

ProgressMeter::ProgressMeter(const Whole& whole, Stopwatch stopwatch, ProgressSink sink)
    : whole_(whole), stopwatch_(std::move(stopwatch)), sink_(std::move(sink)) {
  latest_.set_basis(BasisOf(whole_));
  window_.push_back({stopwatch_(), 0, absl::ZeroDuration(), 0});
}

void ProgressMeter::Begin(const Whole& whole, Share share, Writes writes) {
  MutexLock lock(&mu_);
  before_.media_time = FromProto(latest_.media_time());
  before_.frames = latest_.frames();
  before_.bytes_written = latest_.bytes();
  whole_ = whole;
  share_ = share;
  writes_ = writes;
  latest_.set_basis(BasisOf(whole_));
}

double ProgressMeter::FractionOf(const Done& done) const {
  double fraction = 0;
  switch (latest_.basis()) {
    case v1::PROGRESS_BASIS_TIME:
      fraction = absl::FDivDuration(done.media_time, whole_.duration);
      break;
    case v1::PROGRESS_BASIS_FRAMES:
      fraction = static_cast<double>(done.frames) / static_cast<double>(whole_.frames);
      break;
    case v1::PROGRESS_BASIS_BYTES:
      fraction = static_cast<double>(done.bytes_read) / static_cast<double>(whole_.bytes);
      break;
    default:
      break;
  }
  fraction = share_.begin + (share_.end - share_.begin) * std::clamp(fraction, 0.0, 1.0);
  return std::clamp(fraction, latest_.fraction(), std::max(latest_.fraction(), kMostBeforeEnd));
}

void ProgressMeter::TakeOutputs(const std::vector<v1::OutputProgress>& outputs) {
  for (const v1::OutputProgress& output : outputs) {
    const auto known =
        std::find_if(latest_.mutable_outputs()->begin(), latest_.mutable_outputs()->end(),
                     [&output](const v1::OutputProgress& other) { return other.name() == output.name(); });
    v1::OutputProgress& latest = known != latest_.mutable_outputs()->end() ? *known : *latest_.add_outputs();
    const double fraction = std::max(latest.fraction(), output.fraction());
    latest = output;
    latest.set_fraction(fraction);
  }
}

void ProgressMeter::Take(const Done& done) {
  if (writes_ == Writes::kNo) return;
  latest_.set_frames(std::max(latest_.frames(), before_.frames + done.frames));
  latest_.set_bytes(std::max(latest_.bytes(), before_.bytes_written + done.bytes_written));
  const absl::Duration media_time = std::max(FromProto(latest_.media_time()), before_.media_time + done.media_time);
  *latest_.mutable_media_time() = ToProto(media_time);
  TakeOutputs(done.outputs);
}

void ProgressMeter::Update(const Done& done) {
  MutexLock lock(&mu_);
  const absl::Duration now = stopwatch_();
  if (now - window_.back().at < kInterval) return;
  latest_.set_fraction(FractionOf(done));
  Take(done);
  const Sample sample = {now, latest_.frames(), FromProto(latest_.media_time()), latest_.fraction()};
  while (window_.size() > 1 && now - window_.front().at > kWindow) window_.pop_front();
  FillRates(sample);
  window_.push_back(sample);
  sink_(latest_);
}

void ProgressMeter::FillRates(const Sample& now) {
  const Sample& then = window_.front();
  const double seconds = absl::ToDoubleSeconds(now.at - then.at);
  if (seconds <= 0) return;
  latest_.set_fps(static_cast<double>(now.frames - then.frames) / seconds);
  latest_.set_speed(absl::ToDoubleSeconds(now.media_time - then.media_time) / seconds);
  const double pace = (now.fraction - then.fraction) / seconds;
  if (pace > 0) {
    *latest_.mutable_eta() = ToProto(absl::Seconds((1 - now.fraction) / pace));
  } else {
    latest_.clear_eta();
  }
}

void ProgressMeter::Finish(const Done& done) {
  MutexLock lock(&mu_);
  latest_.set_fraction(1);
  Take(done);
  latest_.clear_eta();
  sink_(latest_);
}

}  // namespace spool::media
