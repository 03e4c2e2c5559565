/**
 * What a page tells its reader to do: the blocks of code of a markdown file, in order.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./tools.mjs"

/**
 * Each block has its `language`, its `code`, and the name of the `file` that the words before it say to save it as.
 */
export const blocksOf = (page) => {
  const text = readFileSync(join(root, page), "utf8")
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(({ 1: language, 2: code, index }) => {
    const [before] = text.slice(0, index).trimEnd().split("\n\n").slice(-1)
    return { language, code, file: /\bSave this as `([\w.-]+)`/.exec(before)?.[1] }
  })
}

/** The lines of the blocks for the shell, without their comments. */
export const commandsOf = (blocks) =>
  blocks
    .filter(({ language }) => language === "sh")
    .flatMap(({ code }) => code.split("\n"))
    .map((line) => line.replace(/\s+#.*/, ""))
    .filter((line) => line !== "")
