/**
 * The vendors as rows and as the tables of docs/providers.md, from their own data.
 */
import { Vendors } from "effect-redial"

/** The endpoints of which recorded streams of others are decoded by `npm run corpus`: by the host that was recorded. */
const recorded: ReadonlySet<string> = new Set([
  "anthropic anthropic-messages",
  "openai chat-completions",
  "openai responses",
  "azure chat-completions",
  "azure responses",
  "openrouter chat-completions",
  "openrouter responses",
  "deepseek chat-completions",
  "deepseek responses",
  "vercel chat-completions",
  "xai chat-completions",
  "groq chat-completions",
  "zai chat-completions",
  "huggingface chat-completions",
  "mistral chat-completions"
])

const names = new Map<unknown, string>(Object.entries(Vendors).map(([name, vendor]) => [vendor, name]))

/** The value of each endpoint, by its protocol. */
const by = <A>(endpoints: Vendors.Vendor["endpoints"], get: (endpoint: Vendors.Endpoint) => A) =>
  Object.fromEntries(endpoints.map((endpoint) => [endpoint.protocol, get(endpoint)]))

const row = ({ endpoints, env, fields = [], id, key, name }: Vendors.Vendor, value: unknown) => ({
  id,
  name,
  import: `Vendors.${names.get(value)}`,
  protocols: endpoints.map(({ protocol }) => protocol),
  baseUrls: by(endpoints, ({ baseUrl }) => baseUrl),
  auth: by(endpoints, ({ auth }) => auth),
  env: env ?? null,
  key: key ?? "required",
  fields,
  endpoints: endpoints.map(({ client: _, prefill, ...endpoint }) => ({
    ...endpoint,
    ...(prefill !== undefined && {
      prefill: { ...prefill, ...(prefill.models && { models: String(prefill.models) }) }
    }),
    known: recorded.has(`${id} ${endpoint.protocol}`) ? "recorded" : "documented"
  }))
})

export const vendors = Vendors.all.map((vendor) => row(vendor, vendor))

type Row = (typeof vendors)[number]

/** A table of lines, in columns as wide as they need to be. */
export const lines = (): ReadonlyArray<string> => {
  const cells = [
    ["id", "protocol", "base URL", "key as", "variable", "known"],
    ...vendors.flatMap(({ endpoints, env, id }) =>
      endpoints.map(({ auth, baseUrl, known, protocol }, i) => [
        i === 0 ? id : "",
        protocol,
        baseUrl,
        auth,
        i === 0 ? (env ?? "-") : "",
        known
      ])
    )
  ]
  const widths = cells[0]!.map((_, at) => Math.max(...cells.map((line) => line[at]!.length)))
  return cells.map((line) =>
    line
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join("  ")
      .trimEnd()
  )
}

/** A bar inside would end the cell. */
const code = (text: string) => `\`${text.replaceAll("|", "\\|")}\``

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")

const needs = ({ env, fields, key }: Row) =>
  [
    ...(env === null ? [] : [code(env) + (key === "optional" ? " (optional)" : "")]),
    ...fields.map(({ env, name }) => `${code(env)} (${code(name)})`)
  ].join(", ") || "none"

/** What an endpoint does differently, in the words of its data. */
const differences = (endpoint: Row["endpoints"][number]) => {
  const { deadlines, headers, prefill, quirks, structuredOutput } = endpoint
  const said: ReadonlyArray<readonly [string, unknown]> = [
    ...Object.entries(headers ?? {}),
    ...Object.entries(quirks ?? {}),
    ...Object.entries({ structuredOutput, prefill }),
    ...Object.entries(deadlines ?? {})
  ]
  return said.flatMap(([name, value]) =>
    value === undefined ? [] : [code(`${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)]
  )
}

/** The part of docs/providers.md that is made from the data. */
export const markdown = (): string =>
  [
    table(
      ["vendor", "id", "protocols and base URLs", "key shown as", "variables"],
      vendors.map((vendor) => [
        code(vendor.import),
        code(vendor.id),
        vendor.endpoints.map(({ baseUrl, protocol }) => `${protocol}: ${code(baseUrl)}`).join("<br>"),
        [...new Set(vendor.endpoints.map(({ auth }) => code(auth)))].join(", "),
        needs(vendor)
      ])
    ),
    table(
      ["id", "protocol", "known from", "what differs from the protocol's first vendor"],
      vendors.flatMap(({ endpoints, id }) =>
        endpoints.map((endpoint) => [
          code(id),
          endpoint.protocol,
          endpoint.known === "recorded" ? "recorded streams" : "documentation",
          differences(endpoint).join(", ") || "nothing"
        ])
      )
    )
  ].join("\n\n")
