#include "tests/support/process_facts.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace spool::testing {

absl::StatusOr<ProcessFacts> FactsOf(pid_t pid) {
  const std::string folder = absl::StrCat("/proc/", pid);
  std::ifstream file(folder + "/stat");
  std::string text;
  std::getline(file, text);
  // The second field may hold anything but ends with the last ')'. From there: state is 0, utime 11, stime 12,
  // num_threads 17, rss (in pages) 21.
  const std::vector<std::string> fields = absl::StrSplit(text.substr(text.rfind(')') + 1), ' ', absl::SkipEmpty());
  int64_t user = 0, system = 0, pages = 0;
  ProcessFacts facts;
  if (fields.size() < 22 || fields[0] == "Z" || !absl::SimpleAtoi(fields[11], &user) ||
      !absl::SimpleAtoi(fields[12], &system) || !absl::SimpleAtoi(fields[17], &facts.threads) ||
      !absl::SimpleAtoi(fields[21], &pages)) {
    return absl::NotFoundError(absl::StrCat("there is no process ", pid));
  }
  facts.cpu = absl::Seconds(user + system) / sysconf(_SC_CLK_TCK);
  facts.resident_bytes = pages * sysconf(_SC_PAGESIZE);
  std::error_code error;
  const std::filesystem::directory_iterator descriptors(folder + "/fd", error);
  if (error) return absl::NotFoundError(absl::StrCat("descriptors of ", pid, ": ", error.message()));
  facts.descriptors = std::distance(begin(descriptors), end(descriptors));
  return facts;
}

}  // namespace spool::testing
