/**
 * Marks a response whose end was proven.
 */
import { type ModelResponse, TypeId } from "../ModelResponse.js"

/** Made at the first response, because the two modules import each other. */
let proto: object | undefined

/** Only for a decoder that has seen the end, or a trusted store. */
export const unsafeMake = (stored: Omit<ModelResponse, TypeId>): ModelResponse => {
  proto ??= { [TypeId]: TypeId }
  return Object.assign(Object.create(proto), stored)
}
