#include "client/cli/progress_text.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/text.h"
#include "server/base/proto_time.h"

namespace spool::cli {
namespace {

constexpr int kBarCells = 20;
constexpr int kMinLabel = 8;

std::string Bar(double fraction) {
  const int full = static_cast<int>(std::floor(fraction * kBarCells));
  std::string bar = "[";
  for (int i = 0; i < kBarCells; ++i) bar += i < full ? "█" : "░";
  return bar + "]";
}

// `parts` after the label while they fit, the label in what is left.
std::string Layout(absl::string_view label, const std::vector<std::string>& parts, int columns) {
  const std::string safe = Escaped(label);
  std::string tail;
  for (const std::string& part : parts) {
    if (Columns(tail) + Columns(part) + std::min(Columns(safe), kMinLabel) > columns) break;
    tail += part;
  }
  return Shortened(safe, columns - Columns(tail)) + tail;
}

double Clamped(double fraction) { return std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0; }

}  // namespace

std::string RenderProgress(absl::string_view label, const v1::JobProgress& progress, int columns) {
  std::vector<std::string> parts;
  if (progress.basis() == v1::PROGRESS_BASIS_INDETERMINATE) {
    parts.push_back(absl::StrCat("  ", progress.frames(), " frames"));
  } else {
    const double fraction = Clamped(progress.fraction());
    parts.push_back(absl::StrCat(" ", Bar(fraction)));
    // Rounded down: 100 % is said only of what is complete.
    parts.push_back(absl::StrFormat(" %3d%%", static_cast<int>(fraction * 100)));
  }
  if (progress.fps() > 0) parts.push_back(absl::StrFormat("  %.0f fps", progress.fps()));
  if (progress.speed() > 0) parts.push_back(absl::StrFormat("  %.1fx", progress.speed()));
  if (progress.has_eta()) parts.push_back(absl::StrCat("  eta ", FormatCountdown(FromProto(progress.eta()))));
  return Layout(label, parts, columns);
}

std::string RenderTransfer(absl::string_view label, int64_t done, int64_t total, int columns) {
  if (total <= 0) return Layout(label, {absl::StrCat("  ", FormatBytes(done))}, columns);
  const double fraction = Clamped(static_cast<double>(done) / static_cast<double>(total));
  return Layout(label,
                {absl::StrCat(" ", Bar(fraction)), absl::StrFormat(" %3d%%", static_cast<int>(fraction * 100)),
                 absl::StrCat("  ", FormatBytes(done), " of ", FormatBytes(total))},
                columns);
}

}  // namespace spool::cli
