/**
 * The API reference, by typedoc, into `api`: `npm run docs:api`. A warning is a failure. typedoc is installed beside the
 * project, with the compiler that it needs: TypeScript 7 has no API for it.
 */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { root, tool } from "../newcomer/tools.mjs"

const bin = tool("typedoc")
if (bin === undefined) throw new Error("typedoc could not be installed from the npm registry")

const options = {
  tsconfig: "tsconfig.build.json",
  entryPoints: ["src/index.ts", "src/testing/index.ts", "src/ai/index.ts"],
  out: "api",
  readme: "README.md",
  treatWarningsAsErrors: true,
  // Links to sources need a remote, which a copy of the repository may not have.
  disableSources: true,
  // Helper types of signatures stay internal. Which types must have a public name is checked with the package.
  "validation.notExported": false
}
const args = Object.entries(options).flatMap(([name, value]) =>
  [value].flat().flatMap((one) => [`--${name}`, String(one)])
)
process.exitCode = spawnSync(join(bin, "typedoc"), args, { cwd: root, stdio: "inherit" }).status ?? 1
