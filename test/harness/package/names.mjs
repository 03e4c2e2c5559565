/**
 * Finds the types that a public declaration takes from an internal one and that no public module gives a name: a user who
 * implements or passes on what is declared there could not write them down.
 */
import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"

const read = (file) => readFileSync(file, "utf8")

const target = (from, specifier) => join(dirname(from), specifier.replace(/\.js$/, ".d.ts"))

const namesOf = (list) =>
  list.split(",").map(
    (name) =>
      name
        .trim()
        .replace(/^type /, "")
        .split(" as ")[0]
  )

/** The modules that the indices make public. */
const modulesOf = (indices) =>
  indices.flatMap((index) =>
    [...read(index).matchAll(/export \* as \w+ from "(\..*?)"/g)].map(([, specifier]) => target(index, specifier))
  )

export const unnamed = (indices) => {
  const modules = modulesOf(indices)
  const named = new Set()
  const whole = new Set()
  for (const file of modules) {
    const text = read(file)
    for (const [, specifier] of text.matchAll(/export (?:type )?\* from "(\..*?)"/g)) whole.add(target(file, specifier))
    for (const [, list, specifier] of text.matchAll(/export (?:type )?\{([^}]*)\} from "(\..*?)"/g)) {
      for (const name of namesOf(list)) named.add(`${target(file, specifier)} ${name}`)
    }
    // An alias is a name as well.
    for (const [, space, name] of text.matchAll(/export (?:declare )?type \w+ = (\w+)\.(\w+);/g)) {
      const specifier = new RegExp(`import (?:type )?\\* as ${space} from "(\\..*?)"`).exec(text)?.[1]
      if (specifier !== undefined) named.add(`${target(file, specifier)} ${name}`)
    }
  }
  const known = new Set(modules)
  return modules.flatMap((file) => {
    const text = read(file)
    const taken = [...text.matchAll(/import (?:type )?(?:\* as (\w+)|\{([^}]*)\}) from "(\..*?)"/g)]
    return taken.flatMap(([, space, list, specifier]) => {
      const from = target(file, specifier)
      if (known.has(from) || whole.has(from) || !from.includes("internal")) return []
      const names =
        space === undefined
          ? namesOf(list)
          : [...text.matchAll(new RegExp(`\\b${space}\\.(\\w+)`, "g"))].map(([, name]) => name)
      return names.filter((name) => !named.has(`${from} ${name}`)).map((name) => `${file} takes ${name} from ${from}`)
    })
  })
}
