/**
 * Recognizes errors in shapes that belong to no protocol: those of frameworks, gateways and clouds between a vendor and
 * the client. They are rewritten into OpenAI's shape, for `classify` to read.
 */
import { array, type JsonObject, object, string } from "./json.js"

/** How much of a list of errors is read. */
const SEVERAL = 3

/** The error in OpenAI's shape, or `undefined` if the body is not an error. */
export const foreignError = (body: JsonObject): JsonObject | undefined => {
  const first = object(array(body.errors)?.[0]) ?? object(body.errors) ?? object(body.detail)
  const message = messageOf(body)
  if (message === undefined && !saysFailed(body)) return undefined
  const code = body.code ?? body.error_code ?? body.errorCode ?? body.errorType ?? typeOf(body) ?? first?.code
  return { error: { message: message ?? "", code, type: string(first?.type), status: body.status_code ?? body.status } }
}

const saysFailed = ({ __type, errors, ok, status, success }: JsonObject): boolean =>
  ok === false ||
  success === false ||
  typeof __type === "string" ||
  (array(errors)?.length ?? 0) > 0 ||
  (typeof status === "string" && /^(error|fail(ed|ure)?)$/i.test(status))

/** AWS writes `namespace#ThrottlingException`. */
const typeOf = ({ __type }: JsonObject): string | undefined => string(string(__type)?.split("#").at(-1))

const messageOf = (body: JsonObject): string | undefined =>
  string(body.error_message) ??
  string(body.errorMessage) ??
  string(body.error_msg) ??
  wordsOf(body.errors) ??
  wordsOf(body.detail) ??
  string(body.message) ??
  string(body.Message) ??
  (saysFailed(body) ? (string(body.msg) ?? string(body.description) ?? string(body.reason)) : undefined)

/** The words of an error, of an object with one, or of a list of either. */
const wordsOf = (value: unknown): string | undefined => {
  const said = (array(value) ?? [value]).slice(0, SEVERAL).flatMap((one) => {
    const fields = object(one)
    return string(one) ?? string(fields?.message) ?? string(fields?.msg) ?? string(fields?.detail) ?? []
  })
  return said.length === 0 ? undefined : said.join("; ")
}
