// Certificates for tests, made by the openssl program.

#ifndef SPOOL_TESTS_ACCESS_CERTIFICATES_H_
#define SPOOL_TESTS_ACCESS_CERTIFICATES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace spool::testing {

// A certificate authority in a folder of its own, good for a day.
class Authority {
 public:
  // Files FOLDER/NAME.pem and NAME.key: a root of that name.
  Authority(std::string folder, std::string name) : folder_(std::move(folder)), name_(std::move(name)) {}
  absl::Status Make();
  // Files FOLDER/NAME.pem and NAME.key, signed by this, for 127.0.0.1 and localhost. Its common name is `name`.
  absl::Status Sign(const std::string& name) const;

  std::string cert(const std::string& name) const { return folder_ + "/" + name + ".pem"; }
  std::string key(const std::string& name) const { return folder_ + "/" + name + ".key"; }
  std::string root() const { return cert(name_); }

 private:
  const std::string folder_;
  const std::string name_;
};

absl::StatusOr<std::string> ReadFile(const std::string& path);
// Takes the file's place in one step, as a careful operator does it; only its owner may read it.
absl::Status Replace(const std::string& path, const std::string& text);

}  // namespace spool::testing

#endif  // SPOOL_TESTS_ACCESS_CERTIFICATES_H_
