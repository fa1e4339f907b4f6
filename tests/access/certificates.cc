#include "tests/access/certificates.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/posix_error.h"
#include "server/base/status_macros.h"
#include "tests/support/program.h"

namespace spool::testing {
namespace {

absl::Status OpenSsl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "openssl");
  SPOOL_ASSIGN_OR_RETURN(const Exit exit, RunProgram(arguments));
  if (exit.code == 0 && exit.signal == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(absl::StrJoin(arguments, " "), ": ", exit.error));
}

}  // namespace

absl::Status Authority::Make() {
  SPOOL_RETURN_IF_ERROR(OpenSsl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                                 "-keyout", key(name_), "-out", root(), "-days", "1", "-subj", "/CN=" + name_}));
  return absl::OkStatus();
}

absl::Status Authority::Sign(const std::string& name) const {
  const std::string request = folder_ + "/" + name + ".csr", extension = folder_ + "/" + name + ".ext";
  std::ofstream(extension) << "subjectAltName=IP:127.0.0.1,DNS:localhost\n";
  SPOOL_RETURN_IF_ERROR(OpenSsl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                                 "-keyout", key(name), "-out", request, "-subj", "/CN=" + name}));
  SPOOL_RETURN_IF_ERROR(OpenSsl({"x509", "-req", "-in", request, "-CA", root(), "-CAkey", key(name_), "-CAcreateserial",
                                 "-days", "1", "-extfile", extension, "-out", cert(name)}));
  return chmod(key(name).c_str(), 0600) == 0 ? absl::OkStatus() : PosixError(errno, key(name));
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(path);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

absl::Status Replace(const std::string& path, const std::string& text) {
  const std::string aside = path + ".new";
  std::ofstream(aside, std::ios::binary) << text;
  if (chmod(aside.c_str(), 0600) != 0 || rename(aside.c_str(), path.c_str()) != 0) return PosixError(errno, path);
  return absl::OkStatus();
}

}  // namespace spool::testing
