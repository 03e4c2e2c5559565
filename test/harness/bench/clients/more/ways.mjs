/**
 * The ways that the further measurements compare, over Anthropic Messages: undici alone, the same as an Effect `Stream`,
 * the official SDK, and this library, by its events or by `generate`. Each is `(url) => (see) => Promise`, which calls
 * `see` with every text delta until the answer ends; the library also says when output is void.
 */

/** A request by undici, and what turns the bytes of its answer into the texts of deltas: cut at blank lines, parsed. */
const wire = async (url) => {
  const { Agent, request } = await import("undici")
  const dispatcher = new Agent({ connections: 4096 })
  const body = JSON.stringify({ model: "bench", stream: true, messages: [{ role: "user", content: "Hello" }] })
  const headers = { "content-type": "application/json" }
  const send = async () => (await request(`${url}/v1/messages`, { dispatcher, method: "POST", headers, body })).body
  const reader = (see) => {
    const decoder = new TextDecoder()
    let text = ""
    return (bytes) => {
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
  return { send, reader }
}

const floor = async (url) => {
  const { reader, send } = await wire(url)
  return async (see) => {
    const read = reader(see)
    for await (const bytes of await send()) read(bytes)
  }
}

const effect = async (url) => {
  const { reader, send } = await wire(url)
  const { Chunk, Effect, Option, Stream } = await import("effect")
  const texts = Effect.map(Effect.promise(send), (body) => {
    const pieces = body[Symbol.asyncIterator]()
    let out = []
    const read = reader((text) => out.push(text))
    const pull = Effect.flatMap(
      Effect.promise(() => pieces.next()),
      ({ done, value }) => {
        if (done) return Effect.fail(Option.none())
        read(value)
        const texts = out
        out = []
        return texts.length === 0 ? pull : Effect.succeed(Chunk.unsafeFromArray(texts))
      }
    )
    return Stream.repeatEffectChunkOption(pull)
  })
  return (see) =>
    Stream.unwrap(texts).pipe(
      Stream.runForEachChunk((texts) =>
        Effect.sync(() => {
          for (const text of texts) see(text)
        })
      ),
      Effect.runPromise
    )
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

const library = async (url) => {
  const { Provider, Vendors } = await import("effect-redial")
  const { ManagedRuntime, Redacted, Schedule } = await import("effect")
  const vendor = Vendors.custom({ id: "bench", protocol: "anthropic-messages", baseUrl: url })
  return ManagedRuntime.make(Provider.layer(vendor, { apiKey: Redacted.make("bench"), retry: Schedule.recurs(3) }))
}

const redial = async (url) => {
  const { Provider } = await import("effect-redial")
  const { Effect, Stream } = await import("effect")
  const runtime = await library(url)
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

const generate = async (url) => {
  const { Provider } = await import("effect-redial")
  const runtime = await library(url)
  return async (see) => see((await runtime.runPromise(Provider.generate({ model: "bench", prompt: "Hello" }))).text)
}

export const ways = { floor, effect, sdk, redial, generate }

/** `node PROGRAM.mjs '{"way": "floor", "url": ...}'` */
export const options = JSON.parse(process.argv[2])

export const open = (how) => ways[options.way](`${options.url}/anthropic-messages/${how}`)

export const quantile = (values, q) => [...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))]

export const done = (result) => {
  process.stdout.write(JSON.stringify(result))
  process.exit()
}
