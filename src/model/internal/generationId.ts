/**
 * Makes the ids of generations; `GenerationId.number` reads them.
 */
import { GenerationId } from "../GenerationId.js"

export const make = (renewable: string, number: number): GenerationId => GenerationId.make(`${renewable}.${number}`)
