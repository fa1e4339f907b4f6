#include "server/job/output_name.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace spool::job {

absl::string_view ExtensionOf(v1::Container container) {
  switch (container) {
    case v1::CONTAINER_MP4:
      return "mp4";
    case v1::CONTAINER_WEBM:
      return "webm";
    case v1::CONTAINER_MKV:
      return "mkv";
    case v1::CONTAINER_MOV:
      return "mov";
    case v1::CONTAINER_JPEG:
      return "jpg";
    case v1::CONTAINER_PNG:
      return "png";
    case v1::CONTAINER_WEBP:
      return "webp";
    case v1::CONTAINER_GIF:
      return "gif";
    case v1::CONTAINER_UNSPECIFIED:
    case v1::Container_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::Container_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return "";
}

std::string ExtensionOfPath(absl::string_view path) {
  path = BaseName(path);
  const size_t dot = path.rfind('.');
  if (dot == absl::string_view::npos) return "";
  const std::string extension = absl::AsciiStrToLower(path.substr(dot + 1));
  if (extension.size() > 16) return "";
  for (const char c : extension) {
    if (!absl::ascii_isalnum(c)) return "";
  }
  return extension;
}

v1::Container ContainerOfPath(absl::string_view path) {
  const std::string extension = ExtensionOfPath(path);
  if (extension == "jpeg") return v1::CONTAINER_JPEG;
  if (extension == "m4v" || extension == "m4a") return v1::CONTAINER_MP4;
  if (extension == "mka") return v1::CONTAINER_MKV;
  for (int i = v1::Container_MIN; i <= v1::Container_MAX; ++i) {
    const auto container = static_cast<v1::Container>(i);
    if (!extension.empty() && extension == ExtensionOf(container)) return container;
  }
  return v1::CONTAINER_UNSPECIFIED;
}

std::string DefaultOutput(absl::string_view job_id, absl::string_view name, v1::Container container) {
  return absl::StrCat(job_id, name.empty() ? "" : "-", name, ".", ExtensionOf(container));
}

absl::string_view BaseName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? path : path.substr(slash + 1);
}

std::string VttPathOf(absl::string_view image) {
  const size_t dot = BaseName(image).rfind('.');
  if (dot != absl::string_view::npos) image.remove_suffix(BaseName(image).size() - dot);
  return absl::StrCat(image, ".vtt");
}

absl::Status CheckRelativePath(absl::string_view path) {
  if (path.empty()) return absl::InvalidArgumentError("is empty");
  if (path.size() > 4096) return absl::InvalidArgumentError("is longer than 4096 bytes");
  for (const char c : path) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return absl::InvalidArgumentError("has a NUL or control character");
    }
  }
  if (path.front() == '/') return absl::InvalidArgumentError("is absolute; it must be relative to the root");
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.empty()) return absl::InvalidArgumentError("has an empty part");
    if (part == ".." || part == ".") return absl::InvalidArgumentError("has a \".\" or \"..\" part");
    if (part.size() > 255) return absl::InvalidArgumentError("has a part longer than 255 bytes");
  }
  return absl::OkStatus();
}

}  // namespace spool::job
