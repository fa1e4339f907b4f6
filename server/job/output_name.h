// Names of files: what a path may look like, and which container an extension means.

#ifndef SPOOL_SERVER_JOB_OUTPUT_NAME_H_
#define SPOOL_SERVER_JOB_OUTPUT_NAME_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "spool/v1/job.pb.h"

namespace spool::job {

// "mp4" for MP4 and so on; empty for UNSPECIFIED.
absl::string_view ExtensionOf(v1::Container container);

// The container that the path's extension names, whatever its case; UNSPECIFIED when it names none.
v1::Container ContainerOfPath(absl::string_view path);

// Lower-case extension without the dot, at most 16 characters of `[a-z0-9]`; empty when there is none such.
std::string ExtensionOfPath(absl::string_view path);

// Where an output goes that was given no path: `{job_id}.{ext}`, or `{job_id}-{name}.{ext}` when it has a name.
std::string DefaultOutput(absl::string_view job_id, absl::string_view name, v1::Container container);

// Path of the WebVTT file beside a sprite sheet: the image's with its extension replaced.
std::string VttPathOf(absl::string_view image);

// The last part of a path.
absl::string_view BaseName(absl::string_view path);

// Whether `path` may name a file under a root: relative, no empty, "." or ".." part, no NUL or control characters, no
// part over 255 bytes, not over 4096 bytes in all. InvalidArgument says which of these. Links are the opener's matter.
absl::Status CheckRelativePath(absl::string_view path);

}  // namespace spool::job

#endif  // SPOOL_SERVER_JOB_OUTPUT_NAME_H_
