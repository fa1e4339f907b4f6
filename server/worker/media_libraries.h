// The media libraries before there is a job.

#ifndef SPOOL_SERVER_WORKER_MEDIA_LIBRARIES_H_
#define SPOOL_SERVER_WORKER_MEDIA_LIBRARIES_H_

#include <string>

namespace spool::worker {

// FFmpeg's version, such as "5.1.9-0+deb12u1".
std::string MediaLibrariesVersion();

// Builds the tables that libraries build on first use, once for all children.
void WarmUpMediaLibraries();

}  // namespace spool::worker

#endif  // SPOOL_SERVER_WORKER_MEDIA_LIBRARIES_H_
