/** Reads the file, and checks it as a whole. */
import { readFile } from "node:fs/promises"
import { ConfigError, Data, Effect, Either, Option, Redacted, Schema } from "effect"
import { Settings } from "../../AppConfig/Settings.ts"
import * as AppConfig from "../../AppConfig.ts"
import { EnvReference } from "../../Domain/Endpoint.ts"
import * as Secrets from "../../Telemetry/Secrets.ts"
import type { EndpointWanted } from "../Endpoints/Asked.ts"
import * as Wanted from "../Endpoints/Wanted.ts"
import { Guard } from "../Guard.ts"
import * as Signature from "../Signature.ts"
import { decode, type InFile } from "./Schema.ts"
import { type Lines, type Parsed, parse } from "./Text.ts"

export interface Read {
  readonly endpoints: ReadonlyArray<EndpointWanted>
  /** Variables that endpoints refer to, and that are not set: until they are, nothing is sent there. */
  readonly unset: ReadonlyArray<string>
}

type Mistake = Wanted.Mistake

/** `endpoints[0].target.url` */
const pathText = (path: ReadonlyArray<PropertyKey>): string =>
  path
    .map((key, at) =>
      typeof key === "number" ? `[${key}]` : `${at === 0 ? "" : "."}${String(key)}`
    )
    .join("")

const wordsOf =
  (lineOf: Parsed["lineOf"]) =>
  ({ message, path }: Mistake): string =>
    `line ${lineOf(path)}: ${path.length === 0 ? "" : `${pathText(path)}: `}${message}`

class Wrong extends Data.TaggedError("Wrong")<{ readonly lines: Lines }> {}

/** Fails if there is a line. */
const wrongBy = ([first, ...others]: ReadonlyArray<string>) =>
  first === undefined ? Effect.void : new Wrong({ lines: [first, ...others] })

/** A file that is wrong is told as settings that are. */
const asSettings = ({ lines: [first, ...others] }: Wrong) =>
  Effect.flatMap(Settings, ({ worded }) => {
    const error = (line: string) => ConfigError.InvalidData([worded("ENDPOINTS_FILE")], line)
    return Effect.fail(
      others.reduce((all, line) => ConfigError.And(all, error(line)), error(first))
    )
  })

const contentOf = (path: string) =>
  Effect.tryPromise({
    try: () => readFile(path, "utf8"),
    catch: (error) =>
      new Wrong({
        lines: [
          `Cannot read "${path}" (${error instanceof Error && "code" in error ? error.code : "unknown reason"})`
        ]
      })
  })

const isReference = Schema.is(EnvReference)

/** The variables that an endpoint refers to, but for that of its secret, and the places where it does. */
const references = ({ target }: InFile) =>
  target.type === "webhook"
    ? Object.entries(target.headers ?? {}).flatMap(([name, value]) =>
        isReference(value) ? [{ env: value.env, path: ["target", "headers", name] }] : []
      )
    : [{ env: target.url.env, path: ["target", "url"] }]

/** The signing secret, or what is wrong with it. */
const secretOf = ({ secret, target }: InFile) =>
  Effect.gen(function* () {
    if (secret === undefined) return Either.right(undefined)
    if (target.type !== "webhook") return Either.left("Messages to a broker are not signed")
    const value = yield* AppConfig.referred(secret.env)
    if (Option.isNone(value)) return Either.left(`${secret.env} is not set`)
    yield* Secrets.add(value.value)
    return Either.mapLeft(
      Signature.parse(Redacted.value(value.value)),
      (why) => `${secret.env}: ${why}`
    )
  })

/** One endpoint, or its mistakes. */
const checked = (
  one: InFile,
  known: { readonly names: ReadonlySet<string>; readonly servers: ReadonlyArray<string> }
) =>
  Effect.gen(function* () {
    const mistakes: Array<Mistake> = []
    const { secret: _, start, ...settings } = one
    const { objection } = yield* Guard
    if (known.names.has(one.name))
      mistakes.push({ path: ["name"], message: "Another endpoint of the file has this name" })
    for (const [at, server] of (one.servers ?? []).entries())
      if (!known.servers.includes(server))
        mistakes.push({ path: ["servers", at], message: "EVOLUTION_SERVERS does not have it" })
    const whole = Wanted.create(settings)
    if (Either.isLeft(whole)) mistakes.push({ path: [], message: whole.left.message })
    const why = one.target.type === "webhook" ? objection(new URL(one.target.url)) : undefined
    if (why !== undefined)
      mistakes.push({ path: ["target", "url"], message: `Cannot be reached: ${why}` })
    const secret = yield* secretOf(one)
    if (Either.isLeft(secret)) mistakes.push({ path: ["secret"], message: secret.left })
    const wanted: EndpointWanted = { settings, start, secret: Either.getOrUndefined(secret) }
    return { mistakes, wanted }
  })

const unsetOf = (one: InFile) =>
  Effect.filter(references(one), ({ env }) => Effect.map(AppConfig.referred(env), Option.isNone))

const parsedFrom = (text: string) =>
  // Most services have no such file.
  Effect.flatMap(
    Effect.promise(() => import("yaml")),
    (yaml) => Either.mapLeft(parse(yaml)(text), (lines) => new Wrong({ lines }))
  )

const readText = (text: string) =>
  Effect.gen(function* () {
    const { lineOf, value } = yield* parsedFrom(text)
    const words = wordsOf(lineOf)
    const { endpoints } = yield* Either.mapLeft(decode(value), (error) => {
      const [first = "It is wrong", ...others] = [...Wanted.mistakesOf(error)]
        .sort((one, other) => lineOf(one.path) - lineOf(other.path))
        .map(words)
      return new Wrong({ lines: [first, ...others] })
    })
    const servers = yield* AppConfig.servers
    const names = new Set<string>()
    const read: Array<EndpointWanted> = []
    const mistakes: Array<string> = []
    const unset: Array<string> = []
    for (const [at, one] of endpoints.entries()) {
      const wordsHere = ({ message, path }: Mistake) =>
        words({ message, path: ["endpoints", at, ...path] })
      const found = yield* checked(one, { names, servers })
      names.add(one.name)
      read.push(found.wanted)
      mistakes.push(...found.mistakes.map(wordsHere))
      for (const { env, path } of yield* unsetOf(one)) {
        const message = `${env} is not set, so nothing can be sent to "${one.name}"`
        unset.push(wordsHere({ message, path }))
      }
    }
    yield* wrongBy(mistakes)
    return { endpoints: read, unset }
  })

/**
 * The endpoints of `ENDPOINTS_FILE`; `None`: it is not set. Fails with every mistake, its line and its path. No value of
 * the file is repeated.
 */
export const read: Effect.Effect<
  Option.Option<Read>,
  ConfigError.ConfigError,
  Guard | Settings
> = Effect.gen(function* () {
  const { file } = yield* AppConfig.endpoints
  if (Option.isNone(file)) return Option.none()
  const found = yield* contentOf(file.value).pipe(
    Effect.flatMap(readText),
    Effect.catchTag("Wrong", asSettings)
  )
  return Option.some(found)
})
