/**
 * Where a cassette is kept: reads and writes its file, within the bound on its size.
 */
import type { PlatformError } from "@effect/platform/Error"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { CassetteError } from "./cassetteError.js"
import type { Exchange } from "./exchange.js"
import * as File from "./file.js"
import type { Secrets } from "./secrets.js"
import type { Tape } from "./tape.js"

export interface Store {
  readonly exists: Effect.Effect<boolean, CassetteError>
  /** The failure of who may not record. */
  readonly missing: Effect.Effect<never, CassetteError>
  readonly load: Effect.Effect<ReadonlyArray<Exchange>, CassetteError>
  /** Writes what was recorded, without secrets. A tape without a request leaves the file as it is. */
  readonly save: (tape: Tape, secrets: Secrets) => Effect.Effect<void, CassetteError>
}

export const make = (fs: FileSystem.FileSystem, path: string, maxBytes: number): Store => {
  const fail = (reason: CassetteError["reason"], problem: string, cause?: unknown) =>
    new CassetteError({ path, reason, problem, ...(cause === undefined ? {} : { cause }) })
  const unreadable = (cause: PlatformError) =>
    fail("Unreadable", `cannot be read: ${cause.message}. Check its path and who may read it`, cause)
  const unwritable = (cause: PlatformError) =>
    fail("Unwritable", `cannot be written: ${cause.message}. Check its path and who may write there`, cause)
  const missing = fail(
    "Missing",
    'is not there, and nothing may be recorded: run the test once with `mode: "auto"` or `"record"` outside of CI, ' +
      "and commit the file"
  )
  const tooLarge = (what: string) =>
    fail("TooLarge", `${what} ${maxBytes} bytes: record fewer requests in one file, or raise \`maxBytes\``)

  return {
    exists: Effect.mapError(fs.exists(path), unreadable),
    missing,
    load: Effect.gen(function* () {
      const { size } = yield* Effect.catchAll(fs.stat(path), (error) =>
        error._tag === "SystemError" && error.reason === "NotFound" ? missing : unreadable(error)
      )
      if (size > maxBytes) return yield* tooLarge("has more than")
      const text = yield* Effect.mapError(fs.readFileString(path), unreadable)
      return yield* Either.mapLeft(File.parse(text), ({ problem, reason }) =>
        fail(reason, `${problem}. Take the committed file back, or delete it and record again`)
      )
    }),
    save: (tape, secrets) =>
      Effect.gen(function* () {
        if (tape.takes.length === 0) return
        if (tape.isFull) return yield* tooLarge("was not written, since answers brought more than")
        const text = File.write(tape.takes.map((take) => secrets.exchange(take.exchange)))
        if (Buffer.byteLength(text) > maxBytes) return yield* tooLarge("was not written, since it would have more than")
        const directory = path.slice(0, Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"), 0))
        // Renamed into place, so that there is never half a file.
        const half = `${path}.${crypto.randomUUID()}.part`
        yield* Effect.mapError(
          Effect.gen(function* () {
            if (directory !== "") yield* fs.makeDirectory(directory, { recursive: true })
            yield* fs.writeFileString(half, text)
            yield* fs.rename(half, path)
          }).pipe(Effect.onError(() => Effect.ignore(fs.remove(half, { force: true })))),
          unwritable
        )
      })
  }
}
