/** `keys create | list | revoke`: the running service's keys, from a terminal. */
import { parseArgs } from "node:util"
import { FetchHttpClient, HttpApiClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { Console, Data, DateTime, Duration, Effect, Layer, Option, Redacted, Schema } from "effect"
import { ApiKey } from "../Access/ApiKey.ts"
import * as AppConfig from "../AppConfig.ts"
import type { Key } from "../Domain/Key.ts"
import { Api, KeyWanted } from "../Http/Api.ts"

/** The command line is wrong, or the service refused. */
export class CommandFailed extends Data.TaggedError("CommandFailed")<{
  readonly message: string
}> {}

export const usage = `Usage:
  keys create --name NAME --scope read|operate|admin [--instances 'shop-*,bar'] [--servers eu,br] [--expires '90 days']
  keys list
  keys revoke ID
It asks the service on HOST and PORT, or at --url, with API_KEY.`

const options = {
  name: { type: "string" },
  scope: { type: "string" },
  instances: { type: "string" },
  servers: { type: "string" },
  expires: { type: "string" },
  url: { type: "string" }
} as const

const decodeWanted = Schema.decodeUnknown(Schema.typeSchema(KeyWanted))

/** Fails for a word that is not a command. */
export const unknown = (command: string) =>
  new CommandFailed({
    message: `There is no command "${command}": say "keys", "simulate", "--check", or nothing`
  })

/** Runs one command and prints its result. */
export const run = (args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { positionals, values } = yield* parsed(args)
    const { host, port } = yield* AppConfig.Http
    const key = yield* ApiKey
    const { keys } = yield* HttpApiClient.make(Api, {
      baseUrl: values.url ?? `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
      transformClient: HttpClient.mapRequest(
        HttpClientRequest.setHeader("apikey", Redacted.value(key))
      )
    })
    const [command, id, ...rest] = positionals
    if (command === "create" && id === undefined) {
      const made = yield* keys.make({ payload: yield* wanted(values) })
      yield* Console.log(made.key)
      return yield* Console.error(`Made ${lineOf(made)}; the key is told this once`)
    }
    if (command === "list" && id === undefined)
      return yield* Effect.forEach(yield* keys.list(), (one) => Console.log(lineOf(one)), {
        discard: true
      })
    if (command === "revoke" && id !== undefined && rest.length === 0)
      return yield* Console.log(`Revoked ${lineOf(yield* keys.revoke({ path: { id } }))}`)
    return yield* new CommandFailed({ message: usage })
  }).pipe(
    Effect.catchTags({
      RequestError: () =>
        failed("Cannot reach the service: is it running, and is this its address?"),
      ResponseError: ({ response: { status } }) => failed(`The service answered HTTP ${status}`),
      HttpApiDecodeError: ({ message }) => failed(message),
      ParseError: ({ message }) => failed(message)
    }),
    Effect.mapError((error) => new CommandFailed({ message: error.message })),
    Effect.provide(Layer.merge(ApiKey.layerKnown, FetchHttpClient.layer))
  )

const failed = (message: string) => new CommandFailed({ message })

const parsed = (args: ReadonlyArray<string>) =>
  Effect.try({
    try: () => parseArgs({ args: [...args], options, allowPositionals: true }),
    catch: () => failed(usage)
  })

const wanted = ({
  expires,
  instances,
  name,
  scope,
  servers
}: Partial<Record<keyof typeof options, string | undefined>>) =>
  Effect.gen(function* () {
    const lifetime = expires === undefined ? undefined : Duration.decodeUnknown(expires)
    if (lifetime !== undefined && Option.isNone(lifetime))
      return yield* failed(`Cannot read --expires "${expires}": say, for example, "90 days"`)
    const now = yield* DateTime.now
    return yield* decodeWanted({
      name,
      scope,
      ...(instances === undefined ? {} : { instances: instances.split(",") }),
      ...(servers === undefined ? {} : { servers: servers.split(",") }),
      ...(lifetime === undefined ? {} : { expiresAt: DateTime.addDuration(now, lifetime.value) })
    })
  })

const boundsOf = ({ instances, servers }: Key): string =>
  [
    instances?.join(",") ?? "all instances",
    ...(servers === null ? [] : ["of", servers.join(",")])
  ].join(" ")

const lineOf = (key: Key): string => {
  const { expiresAt, id, lastUsedAt, name, revokedAt, scope } = key
  return [
    id,
    scope.padEnd(7),
    boundsOf(key).padEnd(20),
    name.padEnd(20),
    revokedAt !== null
      ? `revoked ${DateTime.formatIso(revokedAt)}`
      : expiresAt !== null
        ? `until ${DateTime.formatIso(expiresAt)}`
        : "valid",
    lastUsedAt === null ? "never used" : `used ${DateTime.formatIso(lastUsedAt)}`
  ].join("  ")
}
