// Spool's version. Everything that shows it (programs, manual pages, the package) takes it from here.

#ifndef SPOOL_SERVER_BASE_VERSION_H_
#define SPOOL_SERVER_BASE_VERSION_H_

namespace spool {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace spool

#endif  // SPOOL_SERVER_BASE_VERSION_H_
