/**
 * Checks the package as its users get it: packed, unpacked into an empty project beside its dependencies, imported, and
 * type-checked without any of this repository's own settings. Run after the build: `npm run package:check`.
 */
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

import { checkEffect4 } from "./effect4.mjs"
import { unnamed } from "./names.mjs"
import { checkWithoutSdks } from "./sdks.mjs"

const root = fileURLToPath(new URL("../../../", import.meta.url))
const project = mkdtempSync(join(tmpdir(), "effect-redial-package-"))
const run = (command, args, cwd = project) => execFileSync(command, args, { cwd, encoding: "utf8" })

try {
  const [packed] = JSON.parse(run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", project], root))
  const stray = packed.files.filter(
    ({ path }) => !/^(dist|src)\/|^docs\/[a-z-]+\.md$|^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(path)
  )
  assert.deepEqual(stray, [], "files that do not belong into the package")

  // The package is ESM alone: a CommonJS program loads it by require where Node can (20.19, 22.12), else by import().
  const bin = join(root, "node_modules/.bin")
  run(join(bin, "publint"), ["--strict", "--pack", "npm"], root)
  run(join(bin, "attw"), [join(project, packed.filename), "--profile", "esm-only"])

  const modules = join(project, "node_modules")
  const unpack = (directory) => {
    mkdirSync(directory, { recursive: true })
    run("tar", ["-xzf", packed.filename, "-C", directory, "--strip-components=1"])
  }
  unpack(join(modules, "effect-redial"))
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (name.startsWith(".")) continue
    symlinkSync(join(root, "node_modules", name), join(modules, name))
  }
  writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module", private: true }))

  const declarations = ["index.d.ts", "testing/index.d.ts"].map((file) => join(modules, "effect-redial/dist", file))
  assert.deepEqual(unnamed(declarations), [], "types of public declarations that have no public name")

  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  const index = readFileSync(join(root, "src/index.ts"), "utf8")
  const names = [...index.matchAll(/export \* as (\w+)/g)].map(([, name]) => name)
  for (const name of names) assert.ok(manifest.exports[`./${name}`], `${name} has no subpath in "exports"`)

  writeFileSync(
    join(project, "imports.mjs"),
    [
      `import * as all from "effect-redial"`,
      `import * as testing from "effect-redial/testing"`,
      `import * as ai from "effect-redial/ai"`,
      `import { RedisLimits } from "effect-redial/redis"`,
      ...names.map((name) => `import * as ${name} from "effect-redial/${name}"`),
      ...names.map((name) => `if (all.${name} !== ${name}) throw new Error("${name} is not one module")`),
      `if (!testing.FaultServer) throw new Error("no FaultServer")`,
      `if (!RedisLimits.make) throw new Error("no limits in Redis")`,
      `if (!ai.layer) throw new Error("no layer for @effect/ai")`,
      `const closed = await import("effect-redial/client/internal/renewable").catch((error) => error.code)`,
      `if (closed !== "ERR_PACKAGE_PATH_NOT_EXPORTED") throw new Error("internal modules can be imported: " + closed)`
    ].join("\n")
  )
  run(process.execPath, ["imports.mjs"])
  if (process.features.require_module) {
    writeFileSync(
      join(project, "imports.cjs"),
      `if (!require("effect-redial").Provider.layer) throw new Error("no Provider")`
    )
    run(process.execPath, ["imports.cjs"])
  }

  const maps = packed.files.filter(({ path }) => path.endsWith(".map"))
  for (const { path } of maps) {
    const map = join(modules, "effect-redial", path)
    for (const source of JSON.parse(readFileSync(map, "utf8")).sources) {
      assert.ok(existsSync(join(dirname(map), source)), `${path} is a map of ${source}, which is not in the package`)
    }
  }

  writeFileSync(
    join(project, "program.ts"),
    readFileSync(join(root, "docs/examples/quick-start.ts"), "utf8") +
      names
        .map((name) => `import type * as Type${name} from "effect-redial/${name}"\nexport type { Type${name} }\n`)
        .join("")
  )
  // A protocol's module alone adds its options, in the SDK's types, and no other does.
  writeFileSync(
    join(project, "options.ts"),
    [
      `import type { Options } from "effect-redial/ModelRequest"`,
      `import { tool } from "effect-redial/AnthropicMessages"`,
      `const request = { model: "m", prompt: "Hello", tools: [tool({ type: "bash_20250124", name: "bash" })] }`,
      `export const known: Options = { ...request, providerOptions: { "anthropic-messages": { container: "c" } } }`,
      `// @ts-expect-error it is a text or an object`,
      `export const wrong: Options = { ...request, providerOptions: { "anthropic-messages": { container: 1 } } }`,
      `// @ts-expect-error nothing imports the module of that protocol`,
      `export const other: Options = { ...request, providerOptions: { responses: {} } }`,
      `declare module "effect-redial/ModelRequest" {`,
      `  interface ProviderOptions { readonly own?: { readonly a: string } }`,
      `}`,
      `export const own: Options = { ...request, providerOptions: { own: { a: "b" }, "anthropic-messages": {} } }`
    ].join("\n")
  )
  // Every example in a comment is a program of its own, and the published ones are as well.
  const examples = []
  for (const { path } of packed.files.filter(({ path }) => /^src\/.*\.ts$/.test(path))) {
    const source = readFileSync(join(root, path), "utf8")
    for (const [, code] of source.matchAll(/^ \* @example\n \* ```ts\n([\s\S]*?)\n \* ```$/gm)) {
      examples.push([`${path.replaceAll(/\W/g, "-")}-${examples.length}.ts`, code.replaceAll(/^ \* ?/gm, "")])
    }
  }
  for (const file of readdirSync(join(root, "docs/examples"), { recursive: true })) {
    if (!file.endsWith(".ts") || file.startsWith("demo")) continue
    examples.push([file, readFileSync(join(root, "docs/examples", file), "utf8")])
  }
  for (const [file, code] of examples) {
    mkdirSync(dirname(join(project, file)), { recursive: true })
    writeFileSync(join(project, file), code)
  }

  const tsc = join(root, "node_modules/typescript/bin/tsc")
  const strict = ["--strict", "--exactOptionalPropertyTypes", "--noEmit", "--types", "node"]
  // Declarations are checked too, ours and those of others; @effect/platform wants the names of the DOM for that.
  const target = ["--target", "es2022", "--lib", "es2023,dom,dom.iterable"]
  // The declarations of the test runner, and of a file system with its sockets, do not type-check by themselves.
  const isLoose = (code) => /from "@effect\/(vitest|platform-node)"/.test(code)
  const files = ["program.ts", ...examples.filter(([, code]) => !isLoose(code)).map(([file]) => file)]
  const loose = examples.filter(([, code]) => isLoose(code)).map(([file]) => file)
  for (const resolution of [
    ["--module", "nodenext"],
    ["--module", "esnext", "--moduleResolution", "bundler"]
  ]) {
    run(process.execPath, [tsc, ...strict, ...target, ...resolution, ...files])
    run(process.execPath, [tsc, ...strict, ...target, ...resolution, "--skipLibCheck", ...loose])
    run(process.execPath, [tsc, ...strict, ...target, ...resolution, "options.ts"])
  }
  checkWithoutSdks({
    compile: (directory, file) =>
      run(process.execPath, [tsc, ...strict, ...target, "--module", "nodenext", file], directory),
    modules: join(root, "node_modules"),
    run,
    unpack
  })
  checkEffect4(unpack)
  writeFileSync(join(project, "names.ts"), readFileSync(join(root, "test/harness/package/names.ts"), "utf8"))
  const declared = ["--strict", "--types", "node", "--declaration", "--emitDeclarationOnly", "--outDir", "declared"]
  run(process.execPath, [tsc, ...declared, ...target, "--module", "nodenext", "--skipLibCheck", "names.ts"])

  console.log(
    `package: ${packed.files.length} files, ${Math.round(packed.size / 1024)} KiB packed, ${names.length} modules, ${maps.length} maps, ${examples.length} examples; imports and types resolve`
  )
} catch (error) {
  if (error.stdout) console.error(error.stdout)
  throw error
} finally {
  rmSync(project, { recursive: true })
}
