#include "client/cli/arguments.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/cli/usage_error.h"

namespace spool::cli {
namespace {

// A word that begins with a dash, split.
struct FlagWord {
  std::string shown;  // With its dashes, for messages.
  const Flag* flag = nullptr;
  std::optional<std::string> value;
};

bool LooksLikeFlag(absl::string_view word) { return word.size() > 1 && word[0] == '-'; }

FlagWord ReadLong(absl::Span<const Flag> flags, absl::string_view word) {
  const size_t equals = word.find('=');
  FlagWord result;
  result.shown = std::string(word.substr(0, equals));
  if (equals != absl::string_view::npos) result.value = std::string(word.substr(equals + 1));
  const std::string name = absl::StrReplaceAll(result.shown.substr(2), {{"_", "-"}});
  for (const Flag& flag : flags) {
    if (name == flag.name) result.flag = &flag;
  }
  return result;
}

FlagWord ReadShort(absl::Span<const Flag> flags, absl::string_view word) {
  FlagWord result;
  result.shown = std::string(word.substr(0, 2));
  if (word.size() > 2) result.value = std::string(word.substr(2));
  for (const Flag& flag : flags) {
    if (word[1] == flag.letter) result.flag = &flag;
  }
  return result;
}

FlagWord ReadFlagWord(absl::Span<const Flag> flags, absl::string_view word) {
  return absl::StartsWith(word, "--") ? ReadLong(flags, word) : ReadShort(flags, word);
}

}  // namespace

std::string Arguments::Get(absl::string_view flag) const {
  const auto found = values_.find(flag);
  return found == values_.end() ? "" : found->second.back();
}

std::vector<std::string> Arguments::GetAll(absl::string_view flag) const {
  const auto found = values_.find(flag);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

absl::StatusOr<Arguments> ParseArguments(absl::Span<const Flag> flags, absl::Span<const std::string> words) {
  Arguments arguments;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") {
      arguments.positionals_.insert(arguments.positionals_.end(), words.begin() + i + 1, words.end());
      break;
    }
    if (!LooksLikeFlag(words[i])) {
      arguments.positionals_.push_back(words[i]);
      continue;
    }
    FlagWord word = ReadFlagWord(flags, words[i]);
    if (word.flag == nullptr) return UsageError(absl::StrCat("unknown flag ", word.shown));
    if (word.flag->value.empty()) {
      if (word.value.has_value()) return UsageError(absl::StrCat(word.shown, " takes no value"));
      word.value = "";
    } else if (!word.value.has_value() && !word.flag->TakesNextWord()) {
      word.value = "";
    } else if (!word.value.has_value()) {
      if (i + 1 == words.size()) return UsageError(absl::StrCat(word.shown, " needs a value: ", word.flag->value));
      word.value = words[++i];
    }
    arguments.values_[word.flag->name].push_back(*std::move(word.value));
  }
  return arguments;
}

size_t FindCommand(absl::Span<const Flag> flags, absl::Span<const std::string> words) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (!LooksLikeFlag(words[i])) return i;
    const FlagWord word = ReadFlagWord(flags, words[i]);
    const bool value_follows = word.flag != nullptr && word.flag->TakesNextWord() && !word.value.has_value();
    if (value_follows) ++i;
  }
  return words.size();
}

}  // namespace spool::cli
