"""C++ code from proto_library targets, by the distribution's protoc and gRPC plugin."""

def _cc_proto_sources_impl(ctx):
    sources = []
    headers = []
    info = ctx.attr.proto[ProtoInfo]
    package_root = ctx.bin_dir.path
    if ctx.label.workspace_root:
        package_root += "/" + ctx.label.workspace_root

    # protoc is told the import path of each file (relative to its proto root), so that #include lines are the same.
    # A strip_import_prefix library has a virtual root; ours all keep the tree's own paths or give an import root.
    out_root = package_root + ("/" + ctx.attr.import_root if ctx.attr.import_root else "")
    strip = ctx.attr.import_root + "/" if ctx.attr.import_root else ""
    names = []
    for src in info.direct_sources:
        path = src.short_path
        if "_virtual_imports/" in path:
            path = path.split("_virtual_imports/")[1].split("/", 1)[1]
            name = path
        else:
            name = path[len(strip):] if strip and path.startswith(strip) else path
        names.append(name)
        base = name[:-len(".proto")].split("/")[-1]
        suffix = ".grpc.pb" if ctx.attr.grpc else ".pb"
        sources.append(ctx.actions.declare_file(base + suffix + ".cc"))
        headers.append(ctx.actions.declare_file(base + suffix + ".h"))

    args = ctx.actions.args()
    if ctx.attr.grpc:
        args.add("--plugin=protoc-gen-grpc=" + ctx.executable._grpc_plugin.path)
        args.add("--grpc_out=" + out_root)
    else:
        args.add("--cpp_out=" + out_root)
    for root in info.transitive_proto_path.to_list():
        args.add("-I" + (root if root else "."))
    args.add_all(names)
    ctx.actions.run(
        outputs = sources + headers,
        inputs = info.transitive_sources,
        executable = ctx.executable._protoc,
        tools = [ctx.executable._grpc_plugin],
        arguments = [args],
        mnemonic = "ProtocCpp",
        progress_message = "Generating C++ from %{label}",
    )
    return [
        DefaultInfo(files = depset(sources + headers)),
        OutputGroupInfo(sources = depset(sources), headers = depset(headers)),
    ]

_cc_proto_sources = rule(
    implementation = _cc_proto_sources_impl,
    attrs = {
        "proto": attr.label(mandatory = True, providers = [ProtoInfo]),
        "grpc": attr.bool(),
        "import_root": attr.string(doc = "Folder under the workspace that import paths start from."),
        "_protoc": attr.label(default = "@system//:protoc", executable = True, cfg = "exec"),
        "_grpc_plugin": attr.label(default = "@system//:grpc_cpp_plugin", executable = True, cfg = "exec"),
    },
    output_to_genfiles = False,
)

def spool_cc_proto(name, proto, deps = [], grpc = False, import_root = "", **kwargs):
    """A cc_library of the C++ classes, or of the gRPC stubs, of one proto_library.

    Args:
      name: name of the cc_library.
      proto: the proto_library.
      deps: spool_cc_proto targets of the protos it imports.
      grpc: generate the gRPC services; the messages are another target, one of `deps`.
      import_root: the proto_library's import root, as a path under the workspace.
      **kwargs: passed on to the cc_library.
    """
    _cc_proto_sources(
        name = name + "_sources",
        proto = proto,
        grpc = grpc,
        import_root = import_root,
        visibility = ["//visibility:private"],
    )
    native.filegroup(
        name = name + "_cc",
        srcs = [name + "_sources"],
        output_group = "sources",
        visibility = ["//visibility:private"],
    )
    native.filegroup(
        name = name + "_h",
        srcs = [name + "_sources"],
        output_group = "headers",
        visibility = ["//visibility:private"],
    )
    native.cc_library(
        name = name,
        srcs = [name + "_cc"],
        hdrs = [name + "_h"],
        # Generated code is not ours to warn about.
        copts = ["-w"],
        strip_include_prefix = "/" + import_root if import_root else None,
        deps = deps + ["@system//:protobuf"] + (["@system//:grpcpp"] if grpc else []),
        **kwargs
    )
