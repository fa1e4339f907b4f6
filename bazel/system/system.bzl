"""@system: the distribution's libraries as Bazel targets, by asking pkg-config.

Headers stay in /usr/include, which the C++ toolchain searches anyway, so a target is mostly its link flags.
Which target may be used where is decided by the `visibility` list here: a third-party C header belongs to one room.
"""

# target name -> (pkg-config modules, extra link flags, packages that may use it)
_ANYONE = ["//visibility:public"]

def _packages(*names):
    return ["@spool//%s:__pkg__" % name for name in names]

_LIBRARIES = {
    "absl": (
        [
            "absl_any_invocable",
            "absl_cord",
            "absl_failure_signal_handler",
            "absl_flags",
            "absl_flags_parse",
            "absl_flags_usage",
            "absl_flat_hash_map",
            "absl_flat_hash_set",
            "absl_inlined_vector",
            "absl_random_random",
            "absl_stacktrace",
            "absl_status",
            "absl_statusor",
            "absl_str_format",
            "absl_strings",
            "absl_symbolize",
            "absl_synchronization",
            "absl_time",
        ],
        [],
        _ANYONE,
    ),
    "grpcpp": (["grpc++"], [], _ANYONE),
    "protobuf": (["protobuf"], [], _ANYONE),
    "gtest": (["gtest", "gmock"], [], _ANYONE),
    "gtest_main": (["gtest", "gmock", "gtest_main"], [], _ANYONE),
    "benchmark": (["benchmark"], [], _ANYONE),
    # Headers only.
    "boost": ([], ["-lpthread"], _packages("server/gateway")),
    "crypto": (["libcrypto"], [], _packages("server/auth", "server/base", "server/rpc", "server/worker")),
    "jemalloc": (["jemalloc"], [], _packages("server/app")),
    "prometheus": (["prometheus-cpp-core"], [], _packages("server/metrics")),
    "ssl": (["libssl", "libcrypto"], [], _packages("server/gateway")),
    "curl": (["libcurl"], [], _packages("server/curl")),
    "sqlite3": (["sqlite3"], [], _packages("server/sqlite")),
    "seccomp": (["libseccomp"], [], _packages("server/worker")),
    "libav": (
        ["libavformat", "libavcodec", "libavfilter", "libswscale", "libswresample", "libavutil"],
        [],
        _packages("server/av"),
    ),
}

def _flags(repository_ctx, modules, option):
    result = repository_ctx.execute(["pkg-config", option] + modules)
    if result.return_code != 0:
        fail("pkg-config %s %s: %s\nbazel/verify installs what is missing." %
             (option, " ".join(modules), result.stderr.strip()))
    seen = {}
    for flag in reversed(result.stdout.replace("\n", " ").split(" ")):
        # The last mention of a library is the one that static link order needs; earlier ones only lengthen the line.
        if flag and flag not in seen:
            seen[flag] = None
    return list(reversed(list(seen)))

def _system_libraries_impl(repository_ctx):
    build = []
    for name, (modules, extra, visibility) in _LIBRARIES.items():
        libs = [
            flag
            for flag in (_flags(repository_ctx, modules, "--libs") if modules else [])
            # Shared libraries bring their own atomics; the push/pop pair does not survive removing doubles.
            if not flag.startswith("-Wl,") and flag != "-latomic"
        ]
        build.append("cc_library(\n    name = %r,\n    linkopts = %r,\n    visibility = %r,\n)\n" %
                     (name, extra + libs, visibility))

    include = repository_ctx.execute(["pkg-config", "--variable=includedir", "protobuf"]).stdout.strip() or "/usr/include"
    repository_ctx.symlink(include + "/google/protobuf", "include/google/protobuf")
    for tool in ["protoc", "grpc_cpp_plugin"]:
        path = repository_ctx.which(tool)
        if path == None:
            fail("%s is not installed; bazel/verify installs it." % tool)
        repository_ctx.symlink(path, "bin/" + tool)
    build.append("""
exports_files(["bin/protoc", "bin/grpc_cpp_plugin"], visibility = ["//visibility:public"])

sh_binary(name = "protoc", srcs = ["bin/protoc"], visibility = ["//visibility:public"])

sh_binary(name = "grpc_cpp_plugin", srcs = ["bin/grpc_cpp_plugin"], visibility = ["//visibility:public"])

proto_library(
    name = "well_known_protos",
    srcs = ["include/google/protobuf/%s.proto" % name for name in [
        "any", "descriptor", "duration", "empty", "field_mask", "struct", "timestamp", "wrappers",
    ]],
    strip_import_prefix = "include",
    visibility = ["//visibility:public"],
)
""")
    repository_ctx.file("BUILD", "\n".join(build))

system_libraries = repository_rule(
    implementation = _system_libraries_impl,
    local = True,
    doc = "Makes @system from the libraries that pkg-config knows.",
)
