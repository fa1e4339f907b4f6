// The two macros that make StatusOr code readable. Nothing else in Spool is a macro.

#ifndef SPOOL_SERVER_BASE_STATUS_MACROS_H_
#define SPOOL_SERVER_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Leaves the function with the expression's status if that is not OK.
#define SPOOL_RETURN_IF_ERROR(expr)                                                     \
  do {                                                                                  \
    if (absl::Status spool_status_ = (expr); !spool_status_.ok()) return spool_status_; \
  } while (false)

#define SPOOL_STATUS_CONCAT_INNER_(a, b) a##b
#define SPOOL_STATUS_CONCAT_(a, b) SPOOL_STATUS_CONCAT_INNER_(a, b)
#define SPOOL_ASSIGN_OR_RETURN_IMPL_(result, lhs, expr) \
  auto result = (expr);                                 \
  if (!result.ok()) return std::move(result).status();  \
  lhs = std::move(result).value()

// `lhs` (a declaration or an lvalue) = the value of the StatusOr expression; or leaves the function with its status.
#define SPOOL_ASSIGN_OR_RETURN(lhs, expr) \
  SPOOL_ASSIGN_OR_RETURN_IMPL_(SPOOL_STATUS_CONCAT_(spool_status_or_, __LINE__), lhs, expr)

#endif  // SPOOL_SERVER_BASE_STATUS_MACROS_H_
