/**
 * Text or bytes, as bytes.
 */

/**
 * What a body is made of: text, sent as UTF-8, or bytes.
 *
 * @since 0.1.0
 * @category models
 */
export type Data = string | Uint8Array

const encoder = new TextEncoder()

export const toBytes = (data: Data): Uint8Array => (typeof data === "string" ? encoder.encode(data) : data)
