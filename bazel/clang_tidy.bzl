"""clang-tidy over the sources of C++ targets, as build actions: side by side, and again only for what has changed.

    bazel build --aspects=//bazel:clang_tidy.bzl%clang_tidy --output_groups=clang_tidy //server/...

The checks are those of .clang-tidy. Tests are left out: they are a third of the code, and looking at what moved from an
object is their business.
"""

def _clang_tidy_impl(target, ctx):
    if CcInfo not in target or not hasattr(ctx.rule.attr, "srcs") or ctx.rule.attr.testonly:
        return []

    # Generated code is not ours to check.
    sources = [file for file in ctx.rule.files.srcs if file.is_source and file.extension == "cc"]
    context = target[CcInfo].compilation_context
    flags = ["-std=c++20", "-Wno-everything"]
    flags += ["-D" + define for define in context.defines.to_list() + context.local_defines.to_list()]
    flags += ["-iquote" + path for path in context.quote_includes.to_list()]
    flags += ["-I" + path for path in context.includes.to_list()]
    flags += ["-isystem" + path for path in context.system_includes.to_list()]

    reports = []
    for source in sources:
        report = ctx.actions.declare_file("%s.%s.clang-tidy" % (ctx.label.name, source.basename))
        ctx.actions.run_shell(
            mnemonic = "ClangTidy",
            progress_message = "Checking %s with clang-tidy" % source.short_path,
            inputs = depset(ctx.rule.files.srcs + [ctx.file._config], transitive = [context.headers]),
            outputs = [report],
            # On stderr are only counts of what was passed over, unless something is wrong. Paths are made relative.
            command = """
                report=$1 config=$2 source=$3; shift 3
                clang-tidy-14 --quiet --config-file="$config" "$source" -- "$@" >"$report" 2>"$report.err" && exit
                sed "s|$PWD/||" "$report" "$report.err" >&2
                exit 1
            """,
            arguments = [report.path, ctx.file._config.path, source.path] + flags,
            use_default_shell_env = True,
        )
        reports.append(report)
    return [OutputGroupInfo(clang_tidy = depset(reports))]

clang_tidy = aspect(
    implementation = _clang_tidy_impl,
    attrs = {"_config": attr.label(default = "//:.clang-tidy", allow_single_file = True)},
)
