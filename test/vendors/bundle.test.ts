/**
 * What a vendor brings into a bundle: itself, and its protocols. The bundler is the one that comes with the test runner.
 */
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { build } from "esbuild"

const root = fileURLToPath(new URL("../../", import.meta.url))

/** The modules of this library of which something is in the bundle of a program. */
const bundled = async (program: string): Promise<ReadonlyArray<string>> => {
  const { metafile } = await build({
    stdin: { contents: program, resolveDir: root, loader: "ts" },
    absWorkingDir: root,
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    metafile: true,
    conditions: ["effect-redial-source"],
    external: ["effect", "@effect/*", "openai", "@anthropic-ai/sdk", "undici", "eventsource-parser"]
  })
  return Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) =>
      bytesInOutput > 0 && path.startsWith("src/") ? [path.slice(4)] : []
    )
  )
}

/** Of these, the vendors. */
const vendors = (modules: ReadonlyArray<string>) => modules.filter((path) => path.startsWith("vendors/"))

describe("a bundle", () => {
  const ways = {
    "by its name": `import { minimax } from "effect-redial/Vendors"; console.log(minimax)`,
    "out of the module": `import * as Vendors from "effect-redial/Vendors"; console.log(Vendors.minimax)`
  }
  for (const [way, program] of Object.entries(ways)) {
    it(`has of the vendors the one that is imported ${way}, and its one protocol`, { timeout: 60_000 }, async () => {
      const modules = await bundled(program)
      assert.deepStrictEqual(vendors(modules), ["vendors/minimax.ts"])
      assert.include(modules, "protocol/anthropic/decode.ts")
      assert.notInclude(modules, "protocol/chat/decode.ts")
      assert.notInclude(modules, "protocol/responses/decode.ts")
    })
  }

  it("has them all where a name is looked up", { timeout: 60_000 }, async () => {
    const modules = await bundled(`import { get } from "effect-redial/Vendors"; console.log(get("minimax"))`)
    assert(vendors(modules).length > 20, "the bundle shows no vendors at all")
  })
})
