/**
 * The package on other runtimes than Node's, packed and installed as users have it: `npm run runtimes`, after the build.
 *
 * Bun and Deno run the README's first program and heal a drop; the server counts whether the pool was really closed. A
 * bundle without sockets runs in Chromium, in a worker, where only `fetch` is there, and in a page. What a runtime writes
 * to its standard error is a failure. What cannot be had is skipped, and said so.
 */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { copyFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { join } from "node:path"
import { Effect } from "effect"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { build } from "esbuild"
import { blocksOf } from "../newcomer/pages.mjs"
import { inFolder, pack, root, shell, tool, unlogged } from "../newcomer/tools.mjs"

const text = "Because air scatters blue light most."

const cors = { "access-control-allow-origin": "*", "access-control-allow-headers": "*" }

/** Each request but the preflights of browsers is answered, and each first answer drops before any text. */
const vendor = () => {
  const whole = Reply.stream(Wire.answer("anthropic-messages", { text }), { headers: cors })
  let asked = 0
  return ({ method }) => {
    if (method === "OPTIONS") return Reply.status(204, { headers: cors })
    asked++
    return asked % 2 === 1 ? Reply.cut(whole, { afterEvents: 2 }, "rst") : whole
  }
}

/** Calls `use` with the address of a vendor, and of a server that gives the vendor's counts and some files. */
const withServers = (files, use) =>
  Effect.gen(function* () {
    const { stats, url } = yield* FaultServer.make(vendor())
    let told
    const result = new Promise((resolve) => {
      told = resolve
    })
    const control = createServer(async (request, response) => {
      if (request.method === "POST") {
        let body = ""
        for await (const chunk of request) body += chunk
        told(JSON.parse(body))
        response.end()
      } else if (request.url === "/stats") {
        response.end(JSON.stringify(await Effect.runPromise(stats)))
      } else {
        const file = files[new URL(request.url, "http://localhost").pathname]
        response.writeHead(file === undefined ? 404 : 200, { "content-type": file?.type ?? "text/plain" })
        response.end(file?.content)
      }
    })
    yield* Effect.acquireRelease(
      Effect.async((resume) => void control.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () => Effect.sync(() => control.close())
    )
    const { port } = control.address()
    yield* Effect.promise(() => use({ url, control: `http://127.0.0.1:${port}`, result }))
  }).pipe(Effect.scoped, Effect.runPromise)

const healed = { text, attempts: 2 }

/** How a file is run by each; Deno is told what it may do. */
const runtimes = { node: "node", bun: "bun", deno: "deno run --allow-net --allow-env --allow-read --allow-sys" }

const onRuntime = async (name, folder) => {
  const bin = name === "node" ? undefined : tool(name)
  if (name !== "node" && bin === undefined) return "skipped, since it could not be installed from the npm registry"
  const path = bin === undefined ? [] : [bin]
  const run = (line, env) => shell(line, { cwd: folder, path, env })
  await withServers({}, async ({ control, url }) => {
    const { stderr, stdout } = await run(`${runtimes[name]} program.mjs ${url} ${control}`)
    assert.equal(stderr, "")
    assert.deepEqual(JSON.parse(stdout), { ...healed, before: 1, after: 0 })
    if (name === "node") return
    const env = { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: url }
    assert.deepEqual(unlogged(await run(`${runtimes[name]} quick-start.mts`, env)), { stdout: text, stderr: "" })
  })
  return "a drop is healed, and the pool is closed"
}

const bundle = async (folder, options) => {
  const { outputFiles, warnings } = await build({
    entryPoints: [join(folder, "edge.mjs")],
    bundle: true,
    write: false,
    format: "esm",
    ...options
  })
  assert.deepEqual(warnings, [])
  return outputFiles[0].text
}

/** undici asks for built-in modules by `require`, which a bundle of ES modules has not got. */
const inNodeBundle = async (folder) => {
  writeFileSync(join(folder, "bundle.mjs"), await bundle(folder, { platform: "node" }))
  const program = `import { ask } from "./bundle.mjs"; console.log(JSON.stringify(await ask("http://127.0.0.1:1")))`
  writeFileSync(join(folder, "bundled.mjs"), program)
  const { stdout } = await shell("node bundled.mjs", { cwd: folder })
  const { attempts, failed, message } = JSON.parse(stdout)
  assert.deepEqual([failed, attempts], ["ConnectionFailed", 1], message)
  assert.match(message, /needs undici, which did not load \(Error: Dynamic require of ".*" is not supported\)/)
  return "a built-in that is missing is named, and not asked for again"
}

const page = `<!doctype html><script type="module">
  import { ask } from "/edge.js"
  const [url] = location.search.slice(1).split("&")
  const worker = new Worker("/worker.js", { type: "module" })
  const inWorker = new Promise((resolve) => worker.addEventListener("message", ({ data }) => resolve(data)))
  worker.postMessage(url)
  const body = JSON.stringify({ ...(await inWorker), page: await ask(url, "fetch") })
  await fetch("/result", { method: "POST", body })
</script>`

const worker = `
  import { ask } from "/edge.js"
  addEventListener("message", async ({ data: url }) => {
    postMessage({ overFetch: await ask(url, "fetch"), byDefault: await ask(url) })
  })`

const inChromium = async (folder) => {
  const found = await shell("command -v chromium || command -v chromium-browser", { cwd: folder }).catch(
    () => undefined
  )
  if (found === undefined) return "skipped, since there is no Chromium: apt-get install chromium"
  const js = "text/javascript"
  const files = {
    "/": { type: "text/html", content: page },
    "/worker.js": { type: js, content: worker },
    "/edge.js": { type: js, content: await bundle(folder, { platform: "browser" }) }
  }
  await withServers(files, async ({ control, result, url }) => {
    const quiet =
      "--no-first-run --disable-background-networking --disable-component-update --disable-sync --disable-quic"
    const flags = `--headless --no-sandbox --disable-gpu ${quiet} --remote-debugging-port=0 --user-data-dir=${join(folder, "profile")}`
    // It stays until it is ended: by us, once the page has told.
    const browser = spawn(found.stdout.trim(), [...flags.split(" "), `${control}/?${url}`], { stdio: "ignore" })
    const ended = once(browser, "exit")
    const late = setTimeout(() => browser.kill(), 90_000)
    const told = await Promise.race([result, ended.then(() => undefined)])
    clearTimeout(late)
    browser.kill()
    await ended
    assert(told !== undefined, "Chromium ended before the page told anything")
    assert.deepEqual(told.overFetch, healed)
    assert.deepEqual([told.byDefault.failed, told.byDefault.attempts], ["ConnectionFailed", 1])
    assert.match(told.byDefault.message, /give the client ConnectionPool\.layerHttpClient instead/)
    assert.deepEqual([told.page.failed, told.page.attempts], ["ConnectionFailed", 1])
    assert.match(told.page.message, /browser-like environment/)
  })
  return "a worker heals a drop over fetch; the default pool and a page are refused by name"
}

await inFolder(async (folder) => {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }))
  await shell(`npm install ${pack(folder)} effect@3 @effect/platform@0.97 @anthropic-ai/sdk`, { cwd: folder })
  for (const file of ["program.mjs", "edge.mjs"])
    copyFileSync(join(root, "test/harness/runtimes", file), join(folder, file))
  const [program] = blocksOf("README.md").filter(({ language }) => language === "ts")
  writeFileSync(join(folder, "quick-start.mts"), program.code)

  for (const name of Object.keys(runtimes)) console.log(`${name}: ${await onRuntime(name, folder)}`)
  console.log(`a bundle for Node: ${await inNodeBundle(folder)}`)
  console.log(`Chromium: ${await inChromium(folder)}`)
})
