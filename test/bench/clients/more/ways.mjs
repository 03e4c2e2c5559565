/**
 * The three ways that the further measurements compare, over Anthropic Messages: undici alone, the official SDK, and this
 * library. Each is `(url) => (see) => Promise`, which calls `see` with every text delta until the answer ends; the library
 * also says when output is void.
 */

const floor = async (url) => {
  const { Agent, request } = await import("undici")
  const dispatcher = new Agent({ connections: 4096 })
  const body = JSON.stringify({ model: "bench", stream: true, messages: [{ role: "user", content: "Hello" }] })
  return async (see) => {
    const headers = { "content-type": "application/json" }
    const answer = await request(`${url}/v1/messages`, { dispatcher, method: "POST", headers, body })
    const decoder = new TextDecoder()
    let text = ""
    for await (const bytes of answer.body) {
      text += decoder.decode(bytes, { stream: true })
      let from = 0
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n", from)) {
        const event = JSON.parse(text.slice(text.indexOf("data: ", from) + 6, end))
        if (event.type === "content_block_delta") see(event.delta.text)
        from = end + 2
      }
      text = text.slice(from)
    }
  }
}

const sdk = async (url) => {
  const { default: Anthropic } = await import("@anthropic-ai/sdk")
  const client = new Anthropic({ apiKey: "bench", baseURL: url, maxRetries: 0 })
  return async (see) => {
    const messages = [{ role: "user", content: "Hello" }]
    const stream = await client.messages.create({ model: "bench", max_tokens: 1024, stream: true, messages })
    for await (const event of stream) if (event.type === "content_block_delta") see(event.delta.text)
  }
}

const redial = async (url) => {
  const { Provider, Vendors } = await import("effect-redial")
  const { Effect, ManagedRuntime, Redacted, Schedule, Stream } = await import("effect")
  const vendor = Vendors.custom({ id: "bench", protocol: "anthropic-messages", baseUrl: url })
  const retry = Schedule.recurs(3)
  const runtime = ManagedRuntime.make(Provider.layer(vendor, { apiKey: Redacted.make("bench"), retry }))
  return (see, superseded) =>
    runtime.runPromise(
      Provider.stream({ model: "bench", prompt: "Hello" }).pipe(
        Stream.runForEachChunk((events) =>
          Effect.sync(() => {
            for (const event of events) {
              if (event._tag === "TextDelta") see(event.text)
              else if (event._tag === "Superseded") superseded?.()
            }
          })
        )
      )
    )
}

export const ways = { floor, sdk, redial }

/** `node PROGRAM.mjs '{"way": "floor", "url": ...}'` */
export const options = JSON.parse(process.argv[2])

export const open = (how) => ways[options.way](`${options.url}/anthropic-messages/${how}`)

export const quantile = (values, q) => [...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))]

export const done = (result) => {
  process.stdout.write(JSON.stringify(result))
  process.exit()
}
