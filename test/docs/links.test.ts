/**
 * Every link between the pages leads to a page that is there, and to a heading of it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"
import { root } from "../support/docs.js"

const pages = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md"],
  ...readdirSync(new URL("docs/", root))
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`)
]

const anchorsOf = (page: URL): ReadonlyArray<string> =>
  [...readFileSync(page, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-")
  )

for (const page of pages) {
  it(`the links of ${page} lead somewhere`, () => {
    const here = new URL(page, root)
    for (const [, link = ""] of readFileSync(here, "utf8").matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue
      const there = new URL(link, here)
      const anchor = there.hash.slice(1)
      there.hash = ""
      assert(existsSync(there), `there is no ${link}`)
      if (anchor !== "") assert.include(anchorsOf(there), anchor, link)
    }
  })
}
