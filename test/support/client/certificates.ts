/**
 * The certificates that servers of the tests show.
 */
import { readFileSync } from "node:fs"

export const fixture = (name: string): string => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), "utf8")
