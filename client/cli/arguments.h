// The words of a command line, taken apart.

#ifndef SPOOL_CLIENT_CLI_ARGUMENTS_H_
#define SPOOL_CLIENT_CLI_ARGUMENTS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace spool::cli {

// A flag that a command takes.
struct Flag {
  // Without the dashes, such as "width".
  std::string name;
  // What its value is called in help, such as "PIXELS"; empty for a switch, which takes none.
  std::string value;
  // What it does, for help.
  std::string help;
  // One-letter form, such as 'o'; 0 for none.
  char letter = 0;
  // An optional value can be given only as --flag=VALUE.
  enum class Value { kRequired, kOptional } need = Value::kRequired;
  // All that its value can be, where that is known, for completion.
  std::vector<std::string> values = {};

  // Whether its value may be the next word.
  bool TakesNextWord() const { return !value.empty() && need == Value::kRequired; }
};

// Flags by name and everything else in order.
class Arguments {
 public:
  bool Has(absl::string_view flag) const { return values_.find(flag) != values_.end(); }
  // The flag's value, its last one if given more than once; empty when it was not given.
  std::string Get(absl::string_view flag) const;
  // Its values in order.
  std::vector<std::string> GetAll(absl::string_view flag) const;
  const std::vector<std::string>& positionals() const { return positionals_; }

 private:
  friend absl::StatusOr<Arguments> ParseArguments(absl::Span<const Flag> flags, absl::Span<const std::string> words);

  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> positionals_;
};

// Takes --flag VALUE, --flag=VALUE, -f VALUE, -fVALUE and switches (also a flag whose optional value is left out),
// before, between and after the positionals; what follows `--` is positional. A lone `-` is positional. A value may
// begin with a dash, and a flag's name may have underscores for its dashes, as spoold's flags have. UsageError: an
// unknown flag, a flag without its value, or a switch with one.
absl::StatusOr<Arguments> ParseArguments(absl::Span<const Flag> flags, absl::Span<const std::string> words);

// Index in `words` of the first word that is neither a flag nor a flag's value: the command. words.size() when there
// is none. Flags that are not in `flags` count as switches.
size_t FindCommand(absl::Span<const Flag> flags, absl::Span<const std::string> words);

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_ARGUMENTS_H_
