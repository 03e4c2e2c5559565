/**
 * The rooms of the source stand on one another: a room imports from itself and from those below it, types included. Such
 * an order has no cycles between rooms, so each can be read, and tested, without those above it.
 */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

const src = fileURLToPath(new URL("../src/", import.meta.url))

/** From the ground up. */
const rooms = ["model", "protocol", "client", "retry", "traffic", "vendors", "provider", "redis", "testing", "ai"]

/** Imports that go up all the same, as `from -> to`, each with its reason. There are none. */
const exceptions: ReadonlySet<string> = new Set()

const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && path !== "index.ts")
  .map((path) => path.split(sep).join("/"))

/** What a module names after `from`, in `import "…"` or in `import("…")`, also over several lines, and also as a type. */
const named = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\s*\(\s*)"([^"]+)"/g)].flatMap(([, name]) =>
    name === undefined ? [] : [name]
  )

/** The code of a module, without the examples in its comments. */
const code = (path: string): string => readFileSync(join(src, path), "utf8").replace(/\/\*\*[\s\S]*?\*\//g, "")

/** Where an import goes, as a path inside of `src`; undefined where that is a package. */
const target = (from: string, name: string): string | undefined => {
  if (name === "#pool") return "client/pool/undiciPool.ts"
  if (!name.startsWith(".")) return undefined
  return relative(src, resolve(src, dirname(from), name))
    .split(sep)
    .join("/")
    .replace(/\.js$/, ".ts")
}

const floor = (path: string): number => rooms.indexOf(path.split("/")[0] ?? "")

const imports = files.flatMap((from) =>
  named(code(from)).flatMap((name) => {
    const to = target(from, name)
    return to === undefined ? [] : [{ from, to }]
  })
)

/** The packages that the model is made of: it is the same whatever sends it. */
const ofModel = /^(effect|@effect\/platform)(\/|$)/

describe("the rooms of the source", () => {
  it("are all known", () => {
    assert.deepStrictEqual(
      files.filter((path) => floor(path) < 0),
      []
    )
  })

  it("import what is there", () => {
    assert.isAbove(imports.length, 300)
    const known = new Set(files)
    assert.deepStrictEqual(
      imports.filter(({ to }) => !known.has(to)),
      []
    )
  })

  it("load nothing of @effect/ai outside of its own room", () => {
    const users = files.filter((path) => named(code(path)).some((name) => name.startsWith("@effect/ai")))
    assert.isNotEmpty(users)
    assert.deepStrictEqual(
      users.filter((path) => !path.startsWith("ai/")),
      []
    )
  })

  it("load nothing of Redis outside of its own room", () => {
    const ofRedis = /^(@effect\/experimental|ioredis)(\/|$)/
    const users = files.filter((path) => named(code(path)).some((name) => ofRedis.test(name)))
    assert.isNotEmpty(users)
    assert.deepStrictEqual(
      users.filter((path) => !path.startsWith("redis/")),
      []
    )
  })

  it("import nothing from a room above them", () => {
    assert.deepStrictEqual(
      imports
        .filter(({ from, to }) => floor(to) > floor(from))
        .map(({ from, to }) => `${from} -> ${to}`)
        .filter((edge) => !exceptions.has(edge)),
      []
    )
  })

  it("have no SDK on the ground floor, not even a type of one", () => {
    assert.deepStrictEqual(
      files
        .filter((path) => floor(path) === 0)
        .flatMap((from) => named(code(from)).map((name) => ({ from, name })))
        .filter(({ name }) => !name.startsWith(".") && !ofModel.test(name)),
      []
    )
  })
})
