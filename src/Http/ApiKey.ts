/** The one key that callers must send: configured, or of our own making. */
import { randomBytes } from "node:crypto"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Console, Context, Data, Effect, Layer, Option, Redacted } from "effect"
import * as AppConfig from "../AppConfig.ts"
import * as Secrets from "../Telemetry/Secrets.ts"

export class ApiKey extends Context.Tag("evolution-listener/ApiKey")<ApiKey, Redacted.Redacted>() {
  static readonly layer = Layer.effect(
    ApiKey,
    Effect.suspend(() => Effect.tap(make, Secrets.add))
  )

  /** For who calls a service that runs already: makes none. */
  static readonly layerKnown = Layer.effect(
    ApiKey,
    Effect.suspend(() => Effect.tap(known, Secrets.add))
  )
}

/** The service may not be reached from other machines without a key of your choice. */
export class ApiKeyRequired extends Data.TaggedError("ApiKeyRequired")<{
  readonly message: string
}> {}

/** The key as configured; on a loopback address alone, one of our own making serves too. */
const make = Effect.gen(function* () {
  const { apiKey: configured, host } = yield* AppConfig.Http
  if (Option.isSome(configured)) return configured.value
  if (!AppConfig.isLoopback(host))
    return yield* new ApiKeyRequired({
      message: `Cannot serve on HOST "${host}" without API_KEY: other machines could reach it`
    })
  const directory = yield* AppConfig.dataDir
  return yield* Effect.tryPromise({
    try: () => keptKey(directory),
    catch: (error) =>
      new ApiKeyRequired({
        message: `Cannot keep a generated key in "${directory}", set API_KEY: ${error}`
      })
  })
})

const known = Effect.gen(function* () {
  const { apiKey: configured } = yield* AppConfig.Http
  if (Option.isSome(configured)) return configured.value
  const directory = yield* AppConfig.dataDir
  return yield* Effect.tryPromise({
    try: async () => Redacted.make((await readFile(join(directory, "api-key"), "utf8")).trim()),
    catch: () =>
      new ApiKeyRequired({
        message: `Cannot call the service without its key: set API_KEY, or DATA_DIR if one was generated`
      })
  })
})

const keptKey = async (directory: string): Promise<Redacted.Redacted> => {
  const path = join(directory, "api-key")
  await mkdir(directory, { recursive: true })
  const made = randomBytes(32).toString("base64url")
  try {
    await writeFile(path, `${made}\n`, { flag: "wx", mode: 0o600 })
    Effect.runSync(Console.log(`API key, kept in ${path}: ${made}`))
    return Redacted.make(made)
  } catch {
    const kept = (await readFile(path, "utf8")).trim()
    // A missing header arrives as an empty key: an empty file must not match it.
    if (kept.length < made.length) throw new Error(`${path} holds no whole key, delete it`)
    return Redacted.make(kept)
  }
}
