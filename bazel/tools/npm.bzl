"""@tools and @npm: packages from npm, in the versions that package-lock.json beside this file fixes."""

_NODE_MODULES = """
filegroup(
    name = "node_modules",
    srcs = glob(
        ["node_modules/**"],
        exclude = [
            "node_modules/@bufbuild/buf*/**",
            "node_modules/**/*.map",
            "node_modules/**/*.md",
            # Bazel's labels have no spaces.
            "node_modules/**/* *",
        ],
    ),
    visibility = ["//visibility:public"],
)

# A file in the folder that `node_modules` lies in: tells actions where that is.
exports_files(["package.json", "node", "protoc-gen-es"], visibility = ["//visibility:public"])
"""

_PROGRAMS = """
exports_files(["buf"], visibility = ["//visibility:public"])

# With what it needs itself.
filegroup(
    name = "standardwebhooks",
    srcs = glob([
        "node_modules/@stablelib/**",
        "node_modules/fast-sha256/**",
        "node_modules/standardwebhooks/**",
    ]),
    visibility = ["//visibility:public"],
)
"""

# protoc runs a plugin by its name alone, with nothing before it.
_PROTOC_GEN_ES = """#!/bin/sh
here=$(dirname "$0")
exec "$here/node" "$here/node_modules/@bufbuild/protoc-gen-es/bin/protoc-gen-es" "$@"
"""

def _npm_packages_impl(repository_ctx):
    for name in ["package.json", "package-lock.json"]:
        repository_ctx.file(name, repository_ctx.read(Label("//bazel/tools:" + name)))
    arguments = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if not repository_ctx.attr.programs:
        arguments.append("--omit=dev")
    result = repository_ctx.execute(arguments, timeout = 600)
    if result.return_code != 0:
        fail("npm ci: %s%s\nbazel/quickstart and bazel/verify install npm where it is missing." %
             (result.stdout, result.stderr))
    node = repository_ctx.which("node")
    if node == None:
        fail("node is not installed; bazel/quickstart and bazel/verify install it.")
    repository_ctx.symlink(node, "node")
    repository_ctx.file("protoc-gen-es", _PROTOC_GEN_ES)
    build = _NODE_MODULES
    if repository_ctx.attr.programs:
        # The package is a script that looks for the program of this machine's kind; this is that program.
        found = repository_ctx.execute(["sh", "-c", "ls -d node_modules/@bufbuild/buf-*/bin/buf"])
        if found.return_code != 0:
            fail("npm has no buf for this kind of machine")
        repository_ctx.symlink(found.stdout.split("\n")[0], "buf")
        build += _PROGRAMS
    repository_ctx.file("BUILD", build)

npm_packages = repository_rule(
    implementation = _npm_packages_impl,
    attrs = {
        "programs": attr.bool(
            doc = "Also the devDependencies: what checks and tests run, and building Spool does not need.",
        ),
    },
    doc = "Fetched only when something of it is built or tested.",
)
