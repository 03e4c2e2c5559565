import { Either } from "effect"
import { type ModelRequest, type Prompt, Protocol, Tool } from "effect-redial"

/** The body of a request to `/api/chat`. */
export interface Params {
  readonly model: string
  readonly messages: ReadonlyArray<Message>
  readonly tools: ReadonlyArray<object>
  readonly stream: true
  readonly think?: boolean | string | undefined
  readonly format?: object | undefined
  readonly options: object
  readonly keep_alive?: string | number | undefined
}

interface Message {
  readonly role: "system" | "user" | "assistant" | "tool"
  readonly content: string
  readonly images?: ReadonlyArray<string>
  readonly thinking?: string
  readonly tool_calls?: ReadonlyArray<object>
  readonly tool_name?: string
}

type Encoded<A> = Either.Either<A, Protocol.Fault>

/** The fields of this protocol in `providerOptions`. */
declare module "effect-redial/ModelRequest" {
  interface ProviderOptions {
    readonly "ollama-chat"?:
      | { readonly keep_alive?: string | number | undefined; readonly options?: object | undefined }
      | undefined
  }
}

const refuse = (field: string, problem: string): Encoded<never> =>
  Either.left(Protocol.invalidRequest(field, `the request's \`${field}\` ${problem}`))

/** Fields that the API lacks. Dropping one silently would change what the caller asked for. */
const unknown = ["parallelToolCalls", "user", "metadata", "serviceTier"] as const

export const encode = (request: ModelRequest.ModelRequest): Encoded<Params> =>
  Either.gen(function* () {
    for (const field of unknown) {
      if (request[field] !== undefined) yield* refuse(field, "is not supported by Ollama: leave it out")
    }
    if ((request.toolChoice ?? "auto") !== "auto") yield* refuse("toolChoice", "can only be `auto` over Ollama")
    const { model, output, providerOptions, tools = [] } = request
    const own = providerOptions?.["ollama-chat"]
    const functions: Array<object> = []
    for (const tool of tools) {
      if (Tool.isVendorTool(tool)) return yield* refuse("tools", `has "${tool.name}", a tool of ${tool.protocol}`)
      const { description, name, parameters } = tool
      functions.push({ type: "function", function: { name, description, parameters } })
    }
    const messages: Array<Message> = []
    const system = textOf(request.system ?? "")
    if (system !== "") messages.push({ role: "system", content: system })
    const names = new Map<string, string>()
    for (const message of request.prompt) messages.push(...(yield* encodeMessage(message, names)))
    return {
      model,
      messages,
      tools: functions,
      stream: true,
      think: yield* encodeThink(request),
      format: output?.schema,
      options: {
        num_predict: request.maxOutputTokens,
        temperature: request.temperature,
        top_p: request.topP,
        top_k: request.topK,
        seed: request.seed,
        frequency_penalty: request.frequencyPenalty,
        presence_penalty: request.presencePenalty,
        stop: request.stopSequences,
        ...own?.options
      },
      keep_alive: own?.keep_alive
    }
  })

const encodeThink = ({ reasoning }: ModelRequest.ModelRequest): Encoded<boolean | string | undefined> => {
  if (reasoning?.budgetTokens !== undefined) return refuse("reasoning.budgetTokens", "is not supported by Ollama")
  if (reasoning?.summary !== undefined) return refuse("reasoning.summary", "is not supported by Ollama")
  switch (reasoning?.effort) {
    case undefined:
    case "low":
    case "medium":
    case "high":
      return Either.right(reasoning?.effort)
    case "none":
      return Either.right(false)
    default:
      return refuse("reasoning.effort", "can be none, low, medium or high over Ollama")
  }
}

/** Encodes one message; each tool result becomes its own message. `names` has the tools of the calls so far. */
const encodeMessage = (message: Prompt.Message, names: Map<string, string>): Encoded<ReadonlyArray<Message>> => {
  switch (message.role) {
    case "system":
    case "developer":
      return Either.right([{ role: "system", content: textOf(message.content) }])
    case "user":
      return Either.map(imagesOf(message.content), (images) => [
        { role: "user", content: textOf(message.content), ...(images.length > 0 && { images }) }
      ])
    case "assistant":
      return Either.right([encodeAnswer(message.content, names)])
    case "tool":
      return Either.all(
        message.content.map((part) => {
          if (part.type === "provider") return refuse("prompt", `has a "${part.name}", which Ollama does not take`)
          const { content, id } = part
          return Either.map(imagesOf(content), (images): Message => {
            const result: Message = { role: "tool", content: textOf(content), ...(images.length > 0 && { images }) }
            const tool_name = names.get(id)
            return tool_name === undefined ? result : { ...result, tool_name }
          })
        })
      )
  }
}

const encodeAnswer = (content: Prompt.AssistantMessage["content"], names: Map<string, string>): Message => {
  if (typeof content === "string") return { role: "assistant", content }
  let thinking = ""
  const tool_calls: Array<object> = []
  for (const part of content) {
    // Reasoning from another protocol goes back over that one only.
    const isOwn = !("protocol" in part) || (part.protocol ?? "ollama-chat") === "ollama-chat"
    if (part.type === "reasoning" && isOwn) thinking += part.text
    if (part.type === "tool-call") {
      names.set(part.id, part.name)
      tool_calls.push({ function: { name: part.name, arguments: part.arguments } })
    }
  }
  return {
    role: "assistant",
    content: textOf(content, ""),
    ...(thinking !== "" && { thinking }),
    ...(tool_calls.length > 0 && { tool_calls })
  }
}

type Parts = ReadonlyArray<Prompt.UserPart | Prompt.AssistantPart>

const textOf = (content: string | Parts, between = "\n\n"): string => {
  if (typeof content === "string") return content
  return content
    .flatMap((part) => {
      if (part.type === "text") return part.text
      return part.type === "document" && "text" in part.source ? part.source.text : []
    })
    .join(between)
}

const imagesOf = (content: string | Parts): Encoded<ReadonlyArray<string>> => {
  const images: Array<string> = []
  for (const part of typeof content === "string" ? [] : content) {
    if (part.type !== "image" && part.type !== "document") continue
    if ("base64" in part.source && part.type === "image") images.push(part.source.base64)
    else if (!("text" in part.source)) {
      return refuse("prompt", `has a ${part.type} that Ollama does not take: give text, or an image in base64`)
    }
  }
  return Either.right(images)
}
