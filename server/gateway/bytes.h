// What is written to a connection in one go, without copying what many connections share.

#ifndef SPOOL_SERVER_GATEWAY_BYTES_H_
#define SPOOL_SERVER_GATEWAY_BYTES_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace spool::gateway {

// A sequence of pieces: own text, and references that keep their owner alive. Movable.
class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(std::string text) { AppendOwned(std::move(text)); }

  void Append(absl::string_view text) {
    if (text.empty()) return;
    if (pieces_.empty() || pieces_.back().owner != nullptr) pieces_.emplace_back();
    pieces_.back().text.append(text.data(), text.size());
    size_ += text.size();
  }
  void AppendOwned(std::string text) {
    if (text.empty()) return;
    size_ += text.size();
    pieces_.push_back({std::move(text), nullptr, {}});
  }
  // `view` lives as long as `owner`. Small ones are copied: that costs less than counting a reference.
  void Share(std::shared_ptr<const void> owner, absl::string_view view) {
    if (view.size() < kCopyBelow) {
      Append(view);
      return;
    }
    size_ += view.size();
    pieces_.push_back({{}, std::move(owner), view});
  }
  void Append(Bytes other) {
    for (Piece& piece : other.pieces_) {
      if (piece.owner == nullptr) {
        Append(piece.text);
      } else {
        Share(std::move(piece.owner), piece.view);
      }
    }
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Valid until this object is changed or moved.
  std::vector<absl::string_view> pieces() const {
    std::vector<absl::string_view> views;
    views.reserve(pieces_.size());
    for (const Piece& piece : pieces_) views.push_back(piece.owner == nullptr ? piece.text : piece.view);
    return views;
  }
  std::string Flat() const {
    std::string flat;
    flat.reserve(size_);
    for (const absl::string_view piece : pieces()) flat.append(piece.data(), piece.size());
    return flat;
  }

 private:
  static constexpr size_t kCopyBelow = 512;
  struct Piece {
    std::string text;
    std::shared_ptr<const void> owner;
    absl::string_view view;
  };
  std::vector<Piece> pieces_;
  size_t size_ = 0;
};

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_BYTES_H_
