// Files that exist only in this process's memory, for libraries that know no other way to keep notes.
//
// x264 and x265 write what a first pass found out to a file whose name they are given, and read it in the second. A
// sandboxed worker has no files. So this program's fopen, rename and unlink answer for names that MemoryFileName made,
// and leave all others to the C library.

#ifndef SPOOL_SERVER_AV_MEMORY_FILES_H_
#define SPOOL_SERVER_AV_MEMORY_FILES_H_

#include <string>

#include "absl/strings/string_view.h"

namespace spool::av {

// The name for fopen of the memory file `name`, made of [a-z0-9-]. Nothing is there until something writes it.
std::string MemoryFileName(absl::string_view name);

}  // namespace spool::av

#endif  // SPOOL_SERVER_AV_MEMORY_FILES_H_
