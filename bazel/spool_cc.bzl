"""Our C++ rules: the native ones with our warnings, which are errors."""

_WARNINGS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wnon-virtual-dtor",
    "-Woverloaded-virtual",
    "-Wimplicit-fallthrough",
    "-Wno-missing-field-initializers",
    "-Wno-sign-compare",
]

def spool_cc_library(copts = [], **kwargs):
    native.cc_library(copts = _WARNINGS + copts, **kwargs)

def spool_cc_binary(copts = [], **kwargs):
    native.cc_binary(copts = _WARNINGS + copts, **kwargs)

def spool_cc_test(name, deps = [], copts = [], size = "small", **kwargs):
    native.cc_test(
        name = name,
        size = size,
        copts = _WARNINGS + copts,
        deps = deps + ["@system//:gtest_main"],
        **kwargs
    )
