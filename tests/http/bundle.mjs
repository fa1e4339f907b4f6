// node bundle.mjs GENERATED MODULES OUT_FOLDER: what the tests' pages and Node programs import, each as one file.
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [generated, modules, out] = process.argv.slice(2).map((path) => resolve(path));
const here = dirname(fileURLToPath(import.meta.url));
const root = mkdtempSync(join(tmpdir(), "spool-http-"));
try {
  for (const name of ["page_clients.ts", "node_clients.ts"]) cpSync(join(here, name), join(root, name), { dereference: true });
  cpSync(generated, join(root, "gen"), { recursive: true, dereference: true });
  symlinkSync(modules, join(root, "node_modules"));
  const { build } = createRequire(join(root, "package.json"))("esbuild");
  const options = { absWorkingDir: root, bundle: true, logLevel: "warning", legalComments: "none" };
  await build({ ...options, entryPoints: ["page_clients.ts"], format: "iife", outfile: join(out, "page_clients.js") });
  await build({
    ...options,
    entryPoints: ["node_clients.ts"],
    format: "esm",
    platform: "node",
    outfile: join(out, "node_clients.mjs"),
  });
} finally {
  rmSync(root, { recursive: true });
}
