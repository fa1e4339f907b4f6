#include "client/cli/completion.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "server/base/version.h"

namespace spool::cli {
namespace {

// What a value can be, for the script: words, or one of @files, @jobs, @presets, @targets and @any.
std::string Kind(const std::vector<std::string>& values, const std::string& called) {
  if (!values.empty()) return absl::StrJoin(values, " ");
  if (called == "FILE" || called == "PATH") return "@files";
  if (called == "ID" || called == "JOB") return "@jobs";
  if (called == "PRESET") return "@presets";
  if (called == "TARGET") return "@targets";
  return "@any";
}

std::string KindOfFlag(const Flag& flag) {
  // An "ID" that is a flag's names a video or is yet to be; one that is a command's subject is a job's.
  return flag.value == "ID" ? "@any" : Kind(flag.values, flag.value);
}

// Lines of a `case`: patterns by what they lead to.
class Cases {
 public:
  void Add(const std::string& pattern, const std::string& result) {
    patterns_[result].push_back(absl::StrCat("'", pattern, "'"));
  }
  std::string Lines() const {
    std::string lines;
    for (const auto& [result, patterns] : patterns_) {
      absl::StrAppend(&lines, "    ", absl::StrJoin(patterns, " | "), ") kind='", result, "' ;;\n");
    }
    return lines;
  }

 private:
  std::map<std::string, std::vector<std::string>> patterns_;
};

// Words in <angles> are filled in.
constexpr char kScript[] = R"(# Completion of spool <version> for bash, made by `spool completion bash`. To use it:
#   source <(spool completion bash)

# Sets `kind` to what the value of flag $2 of command $1 can be; empty: it takes none, or only as --flag=VALUE.
_spool_flag_kind() {
  kind=''
  case "$1 $2" in
<flag kinds>  esac
}

# Sets `kind` to what argument number $2 of command $1 can be.
_spool_argument_kind() {
  kind=@any
  case "$1 $2" in
<argument kinds>  esac
}

# Sets `kind` to the flags of command $1.
_spool_flags() {
  kind=''
  case "$1" in
<flags>  esac
}

_spool() {
  local word flag='' command='' server='' kind prefix='' before i arguments=0 flags_end=0
  local -a words=() names=()
  # Readline parts words at = and :, of which ours are full.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((i > 1)) && [[ $word =~ ^[=:]+$ || ${COMP_WORDS[i - 1]} =~ ^[=:]+$ ]]; then
      words[${#words[@]} - 1]+=$word
    else
      words+=("$word")
    fi
  done
  local cur=${words[${#words[@]} - 1]}
  for word in "${words[@]:1:${#words[@]} - 2}"; do
    if [[ -n $flag ]]; then
      [[ $flag != --server ]] || server=$word
      flag=''
    elif ((!flags_end)) && [[ $word == -- ]]; then
      flags_end=1
    elif ((!flags_end)) && [[ $word == -?* ]]; then
      [[ $word != --server=* ]] || server=${word#*=}
      _spool_flag_kind "$command" "$word"
      [[ -z $kind ]] || flag=$word
    elif [[ -z $command ]]; then
      command=$word
    elif [[ ' <families> ' == *" $command "* ]]; then
      command+=" $word"
    else
      ((++arguments))
    fi
  done
  if [[ -z $flag && $cur == --*=* ]] && ((!flags_end)); then
    flag=${cur%%=*}
    cur=${cur#*=}
    [[ $COMP_WORDBREAKS == *=* ]] || prefix=$flag=
  fi

  if [[ -n $flag ]]; then
    _spool_flag_kind "$command" "$flag"
  elif [[ $cur == -* ]] && ((!flags_end)); then
    _spool_flags "$command"
  elif [[ -z $command ]]; then
    kind='<commands>'
  else
    _spool_argument_kind "$command" "$arguments"
  fi

  COMPREPLY=()
  case $kind in
    '' | @any) return ;;
    @files)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -P "$prefix" -- "$cur")
      ;;
    @jobs | @presets | @targets)
      # Whoever waits for a server that is away would rather type. What it says is not trusted: it becomes part of a
      # command line.
      mapfile -t names < <(timeout 2 "${words[0]}" ${server:+"--server=$server"} completion "${kind#@}" 2>/dev/null)
      for word in "${names[@]}"; do
        [[ $word == "$cur"* && $word =~ ^[[:alnum:]_.:/@+-]+$ ]] && COMPREPLY+=("$prefix$word")
      done
      ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$kind" -P "$prefix" -- "$cur") ;;
  esac
  # What stands before the last colon is no part of the word that readline replaces.
  if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
    before=${cur%"${cur##*:}"}
    COMPREPLY=("${COMPREPLY[@]#"$before"}")
  fi
}
complete -F _spool spool
)";

}  // namespace

std::string BashCompletion(absl::Span<const Command> commands, absl::Span<const Flag> global_flags) {
  Cases flag_kinds, argument_kinds, flags;
  std::vector<std::string> names;
  // First words of two, and what may follow them.
  std::map<std::string, std::vector<std::string>> families;
  const auto add = [&](const Command& command) {
    std::vector<std::string> written;
    std::vector<Flag> all = command.flags;
    all.insert(all.end(), global_flags.begin(), global_flags.end());
    for (const Flag& flag : all) {
      written.push_back(absl::StrCat("--", flag.name));
      if (!flag.TakesNextWord()) continue;
      flag_kinds.Add(absl::StrCat(command.name, " --", flag.name), KindOfFlag(flag));
      if (flag.letter != 0)
        flag_kinds.Add(absl::StrCat(command.name, " -", std::string(1, flag.letter)), KindOfFlag(flag));
    }
    flags.Add(command.name, absl::StrJoin(written, " "));
    for (size_t i = 0; i < command.positionals.size(); ++i) {
      argument_kinds.Add(absl::StrCat(command.name, " ", i), Kind(command.values, command.positionals[i]));
    }
  };
  add(Command());
  for (const Command& command : commands) {
    add(command);
    const std::pair<std::string, std::string> words = absl::StrSplit(command.name, absl::MaxSplits(' ', 1));
    if (!words.second.empty()) families[words.first].push_back(words.second);
    if (families[words.first].size() <= 1) names.push_back(words.first);
  }
  std::vector<std::string> first_words;
  for (const auto& [first, seconds] : families) {
    if (seconds.empty()) continue;
    first_words.push_back(first);
    argument_kinds.Add(absl::StrCat(first, " 0"), absl::StrJoin(seconds, " "));
    add({.name = first});
  }
  // `spool help COMMAND`
  const std::string all_names = absl::StrJoin(names, " ");
  argument_kinds.Add("help 0", all_names);
  names.push_back("help");
  return absl::StrReplaceAll(kScript, {{"<version>", kVersion},
                                       {"<flag kinds>", flag_kinds.Lines()},
                                       {"<argument kinds>", argument_kinds.Lines()},
                                       {"<flags>", flags.Lines()},
                                       {"<families>", absl::StrJoin(first_words, " ")},
                                       {"<commands>", absl::StrJoin(names, " ")}});
}

}  // namespace spool::cli
