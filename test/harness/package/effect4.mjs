/**
 * Checks what a program with Effect 4 is told: the import fails, and the message names the reason. Effect 4 is a folder that
 * has its `exports` and lacks what it lacks.
 */
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** `unpack` puts the package into a folder. */
export const checkEffect4 = (unpack) => {
  const project = mkdtempSync(join(tmpdir(), "effect-redial-effect4-"))
  try {
    const modules = join(project, "node_modules")
    unpack(join(modules, "effect-redial"))
    mkdirSync(join(modules, "effect", "dist"), { recursive: true })
    const exports = { ".": "./dist/index.js", "./*": "./dist/*.js" }
    writeFileSync(
      join(modules, "effect", "package.json"),
      JSON.stringify({ name: "effect", version: "4.1.0", type: "module", exports })
    )
    for (const subpath of ["", "/testing", "/ai"]) {
      writeFileSync(join(project, "program.mjs"), `import "effect-redial${subpath}"`)
      assert.throws(
        () => execFileSync(process.execPath, ["program.mjs"], { cwd: project, stdio: "pipe", encoding: "utf8" }),
        ({ stderr }) =>
          /Cannot find module .*effect\/dist\/Either\.js' imported from .*requiresEffect3\.js/.test(stderr)
      )
    }
  } finally {
    rmSync(project, { recursive: true })
  }
}
