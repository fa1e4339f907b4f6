// The job of tests that do not mind what it is.

#ifndef SPOOL_SERVER_STORE_SQLITE_PLAIN_JOB_H_
#define SPOOL_SERVER_STORE_SQLITE_PLAIN_JOB_H_

#include <string>

#include "server/job/request.h"

namespace spool::store {

// A resize under this id, which is its fingerprint too: two of the same id are the same request.
inline job::NewJob PlainJob(const std::string& id) {
  job::NewJob made;
  made.job.set_id(id);
  made.job.set_type(v1::JOB_TYPE_RESIZE);
  made.job.mutable_resize()->set_width(8);
  *made.job.mutable_retry_policy() = v1::RetryPolicy();
  made.fingerprint = id;
  return made;
}

}  // namespace spool::store

#endif  // SPOOL_SERVER_STORE_SQLITE_PLAIN_JOB_H_
