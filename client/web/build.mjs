// Makes of the dashboard's sources what is asked for:
//
//   node build.mjs embed OUT.cc ...   bundles them and writes a C++ source that holds the files
//   node build.mjs files OUT/ ...     the same as files, for looking at
//   node build.mjs check ...          type-checks them
//   node build.mjs format ...         checks that they are laid out as prettier does it
//   node build.mjs test ...           bundles each *_test.ts and runs it with node --test
//
// and then where things are: --sources=DIR (this folder), --generated=DIR (code from the protos), --modules=DIR
// (node_modules). Everything is first copied side by side, as imports expect it: a build has them in different places.
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, extname, join, resolve } from "node:path";
import { spawnSync } from "node:child_process";
import { gzipSync } from "node:zlib";

const CONTENT_TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

function stage({ sources, generated, modules }) {
  const root = mkdtempSync(join(process.env.TEST_TMPDIR ?? tmpdir(), "spool-web-"));
  const options = { recursive: true, dereference: true };
  for (const name of ["src", "build.mjs", "index.html", "icon.svg", "tsconfig.json", ".prettierrc.json"]) {
    cpSync(join(sources, name), join(root, name), options);
  }
  cpSync(generated, join(root, "gen"), options);
  symlinkSync(resolve(modules), join(root, "node_modules"));
  return root;
}

function esbuildOf(root) {
  return createRequire(join(root, "package.json"))("esbuild");
}

async function bundle(root, options) {
  const { outputFiles } = await esbuildOf(root).build({
    absWorkingDir: root,
    bundle: true,
    write: false,
    format: "esm",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "warning",
    ...options,
  });
  return outputFiles;
}

const hashOf = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 16);

// All files that the server serves. Those with a hash in their name never change under it.
async function siteOf(root) {
  const outputs = await bundle(root, {
    entryPoints: { app: "src/main.tsx" },
    outdir: "out",
    minify: true,
    target: ["chrome123", "firefox128", "safari17.5"],
  });
  const assets = outputs.map((file) => ({ name: basename(file.path), bytes: Buffer.from(file.contents) }));
  assets.push({ name: "icon.svg", bytes: readFileSync(join(root, "icon.svg")) });
  let page = readFileSync(join(root, "index.html"), "utf8");
  const files = assets.map(({ name, bytes }) => {
    const extension = extname(name);
    const path = `/assets/${basename(name, extension)}-${hashOf(bytes)}${extension}`;
    const before = page;
    page = page.replace(`="${name}"`, `="${path}"`);
    if (page === before) throw new Error(`index.html does not refer to ${name}`);
    return { path, bytes, immutable: true };
  });
  files.unshift({ path: "/", bytes: Buffer.from(page), immutable: false });
  return files;
}

// A literal of bytes, some to a line. Octal escapes end after three digits, whatever follows.
function literal(bytes) {
  const lines = [];
  let line = "";
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    line +=
      byte >= 0x20 && byte < 0x7f && !'"\\?'.includes(character) ? character : `\\${byte.toString(8).padStart(3, "0")}`;
    if (line.length > 110) {
      lines.push(`"${line}"`);
      line = "";
    }
  }
  lines.push(`"${line}"`);
  return lines.join("\n    ");
}

function cppOf(files) {
  const entries = files.map(({ path, bytes, immutable }) => {
    const type = CONTENT_TYPES[extname(path)] ?? CONTENT_TYPES[".html"];
    const zipped = gzipSync(bytes, { level: 9 });
    const view = (content) => `std::string_view(\n    ${literal(content)},\n    ${content.length})`;
    return `  WebFile{"${path}", "${type}", "\\"${hashOf(bytes)}\\"", ${immutable}, ${view(bytes)}, ${view(zipped)}},`;
  });
  return `// Made by client/web/build.mjs.

#include "client/web/files.h"

namespace spool::web {
namespace {

constexpr WebFile kFiles[] = {
${entries.join("\n")}
};

}  // namespace

absl::Span<const WebFile> WebFiles() { return kFiles; }

}  // namespace spool::web
`;
}

async function runTests(root) {
  const sources = readdirSync(join(root, "src"), { recursive: true }).filter((name) => name.endsWith("_test.ts"));
  if (!sources.length) throw new Error("there are no tests");
  const outputs = await bundle(root, {
    entryPoints: sources.map((name) => join("src", name)),
    outdir: "tests",
    platform: "node",
    sourcemap: "inline",
  });
  for (const file of outputs) {
    mkdirSync(dirname(file.path), { recursive: true });
    writeFileSync(file.path.replace(/\.js$/, ".mjs"), file.contents);
  }
  const programs = outputs.map((file) => file.path.replace(/\.js$/, ".mjs"));
  return spawnSync(process.execPath, ["--enable-source-maps", "--test", ...programs], { cwd: root, stdio: "inherit" })
    .status;
}

function checkTypes(root) {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  return spawnSync(process.execPath, [tsc, "--project", root, "--pretty", "false"], { cwd: root, stdio: "inherit" })
    .status;
}

function checkFormat(root) {
  const prettier = join(root, "node_modules/prettier/bin/prettier.cjs");
  return spawnSync(process.execPath, [prettier, "--check", "src", "build.mjs"], { cwd: root, stdio: "inherit" }).status;
}

async function main() {
  const [verb, ...rest] = process.argv.slice(2);
  const places = {};
  const operands = [];
  for (const word of rest) {
    const flag = /^--(sources|generated|modules)=(.+)$/.exec(word);
    if (flag) places[flag[1]] = flag[2];
    else operands.push(word);
  }
  for (const name of ["sources", "generated", "modules"]) {
    if (!places[name] || !existsSync(places[name])) throw new Error(`--${name}=DIR is missing`);
  }
  const root = stage(places);
  try {
    switch (verb) {
      case "embed":
        writeFileSync(operands[0], cppOf(await siteOf(root)));
        return 0;
      case "files":
        for (const { path, bytes } of await siteOf(root)) {
          const target = join(operands[0], path === "/" ? "index.html" : path);
          mkdirSync(dirname(target), { recursive: true });
          writeFileSync(target, bytes);
        }
        return 0;
      case "check":
        return checkTypes(root);
      case "format":
        return checkFormat(root);
      case "test":
        return await runTests(root);
      default:
        throw new Error(`build.mjs does not know how to ${verb}`);
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

process.exitCode = (await main()) ?? 1;
