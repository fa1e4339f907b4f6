"""TypeScript from proto_library targets, by the distribution's protoc and protoc-gen-es."""

def _es_proto_impl(ctx):
    out = ctx.actions.declare_directory(ctx.label.name)
    names = []
    sets = []
    for proto in ctx.attr.protos:
        info = proto[ProtoInfo]
        sets.append(info.transitive_descriptor_sets)
        for source in info.direct_sources:
            path = source.path
            names.append(path.split("_virtual_imports/")[1].split("/", 1)[1] if "_virtual_imports/" in path else path)
    descriptors = depset(transitive = sets)
    args = ctx.actions.args()
    args.add_joined("--descriptor_set_in", descriptors, join_with = ":")
    args.add("--plugin=protoc-gen-es=" + ctx.file._plugin.path)
    args.add("--es_out=" + out.path)
    args.add("--es_opt=target=ts,import_extension=none")
    args.add_all(names)
    ctx.actions.run(
        outputs = [out],
        inputs = depset([ctx.file._plugin, ctx.file._node] + ctx.files._node_modules, transitive = [descriptors]),
        executable = ctx.executable._protoc,
        arguments = [args],
        mnemonic = "ProtocEs",
        progress_message = "Generating TypeScript for %{label}",
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

es_proto = rule(
    implementation = _es_proto_impl,
    doc = "A folder with the TypeScript of all these protos, under the paths that they are imported by.",
    attrs = {
        "protos": attr.label_list(mandatory = True, providers = [ProtoInfo]),
        "_node": attr.label(default = "@npm//:node", allow_single_file = True),
        "_node_modules": attr.label(default = "@npm//:node_modules"),
        "_plugin": attr.label(default = "@npm//:protoc-gen-es", allow_single_file = True),
        "_protoc": attr.label(default = "@system//:protoc", executable = True, cfg = "exec"),
    },
)
