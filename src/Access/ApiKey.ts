/** The key `API_KEY`: configured, or generated on first start. */
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

  /** The key of a service that runs already; never generates one. */
  static readonly layerKnown = Layer.effect(
    ApiKey,
    Effect.suspend(() => Effect.tap(known, Secrets.add))
  )
}

/** The service refuses to listen on a public address without `API_KEY`. */
export class ApiKeyRequired extends Data.TaggedError("ApiKeyRequired")<{
  readonly message: string
}> {}

/** The key as configured, or a generated one if only this machine can reach the service. */
export const make = Effect.gen(function* () {
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

/** The key as configured, or one that was generated before. */
export const known = Effect.gen(function* () {
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
