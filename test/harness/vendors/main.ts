/**
 * The vendors that have a name: `npm run vendors`, with `-- --json` for all that is known of them, with `-- --markdown` for
 * the tables of docs/providers.md.
 */
import { parseArgs } from "node:util"
import { lines, markdown, vendors } from "../../support/vendors/table.js"

const { values } = parseArgs({ options: { json: { type: "boolean" }, markdown: { type: "boolean" } } })

if (values.json) console.log(JSON.stringify({ vendors }))
else console.log(values.markdown ? markdown() : lines().join("\n"))
