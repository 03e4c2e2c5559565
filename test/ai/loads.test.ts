/**
 * Who does not use @effect/ai does not load it, and need not have it installed.
 */
import { execFileSync } from "node:child_process"
import { assert, it } from "@effect/vitest"
import { root } from "../support/docs.js"

/** Fails whatever asks for a module of @effect/ai. */
const hook = `data:text/javascript,${encodeURIComponent(`
  export const resolve = (specifier, context, next) => {
    if (specifier.startsWith("@effect/ai")) throw new Error("asked for " + specifier)
    return next(specifier, context)
  }
`)}`

const load = (name: string): string =>
  execFileSync(
    process.execPath,
    [
      "--conditions=effect-redial-source",
      "--import=tsx",
      "--input-type=module",
      "--eval",
      `import { register } from "node:module"
       register(${JSON.stringify(hook)})
       await import(${JSON.stringify(name)}).then(() => console.log("loaded"), (error) => console.log(error.message))`
    ],
    { cwd: root, encoding: "utf8" }
  ).trim()

it("effect-redial and its testing kit load nothing of @effect/ai", () => {
  assert.strictEqual(load("effect-redial"), "loaded")
  assert.strictEqual(load("effect-redial/testing"), "loaded")
  assert.include(load("effect-redial/ai"), "asked for @effect/ai")
})
