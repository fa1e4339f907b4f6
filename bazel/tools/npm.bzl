"""@tools: programs from npm, in the versions that package-lock.json beside this file fixes."""

def _npm_tools_impl(repository_ctx):
    for name in ["package.json", "package-lock.json"]:
        repository_ctx.file(name, repository_ctx.read(Label("//bazel/tools:" + name)))
    result = repository_ctx.execute(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        timeout = 600,
    )
    if result.return_code != 0:
        fail("npm ci: %s%s\nbazel/verify installs npm where it is missing." % (result.stdout, result.stderr))

    # The package is a script that looks for the program of this machine's kind; this is that program.
    found = repository_ctx.execute(["sh", "-c", "ls -d node_modules/@bufbuild/buf-*/bin/buf"])
    if found.return_code != 0:
        fail("npm has no buf for this kind of machine")
    repository_ctx.symlink(found.stdout.split("\n")[0], "buf")
    repository_ctx.file("BUILD", """
exports_files(["buf"], visibility = ["//visibility:public"])

# For programs of tests that run under Node.
filegroup(
    name = "standardwebhooks",
    srcs = glob([
        "node_modules/@stablelib/**",
        "node_modules/fast-sha256/**",
        "node_modules/standardwebhooks/**",
    ]),
    visibility = ["//visibility:public"],
)
""")

npm_tools = repository_rule(
    implementation = _npm_tools_impl,
    doc = "Fetched only when something of it is built or tested: running Spool needs no npm.",
)
