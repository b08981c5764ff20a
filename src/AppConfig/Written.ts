/**
 * The settings as a typed record, written as the texts of environment variables and read by the same parsers, so
 * that there is one truth about what is allowed.
 */
import { ConfigError, Duration, Either, LogLevel, Redacted } from "effect"
import { replacing, together } from "./Explain.ts"
import {
  type EvolutionOptions,
  type Keep,
  type ListeningOptions,
  type Option,
  type Options,
  type ServiceOptions,
  variables
} from "./Options.ts"
import { variableOf } from "./Servers.ts"

type Texts = Partial<Record<Option, string | undefined>>

const secretText = (secret: Redacted.Redacted | undefined) =>
  secret === undefined ? undefined : Redacted.value(secret)

const durationText = (duration: Duration.DurationInput | undefined) =>
  duration === undefined ? undefined : `${Duration.toMillis(duration)} millis`

const keepText = (keep: Keep) => (keep === "forever" ? keep : durationText(keep))

const list = (items: ReadonlyArray<string> | undefined) => items?.join(",")

const ofEvolution = ({ apiKey, mode, proxy, url }: EvolutionOptions): Texts => ({
  "evolution.url": String(url),
  "evolution.apiKey": secretText(apiKey),
  "evolution.mode": mode,
  "evolution.proxy": secretText(proxy)
})

const ofListening = ({
  autoStart,
  backfillLimit,
  eventOmit,
  importOnStart,
  queue = {},
  retention
}: ListeningOptions): Texts => ({
  autoStart:
    autoStart && list([autoStart.mode, ...(autoStart.only ?? []), ...exceptions(autoStart)]),
  importOnStart: durationText(importOnStart),
  backfillLimit: backfillLimit?.toString(),
  "queue.maxMiB": queue.maxMiB?.toString(),
  "queue.maxAge": durationText(queue.maxAge),
  eventOmit: list(eventOmit),
  retention: retention && list(keeps(retention))
})

const ofService = ({
  cluster,
  database,
  dataDir,
  endpoints = {},
  http = {},
  logLevel,
  traces
}: ServiceOptions): Texts => ({
  "database.url": secretText(database?.url),
  "database.password": secretText(database?.password),
  cluster: cluster === undefined ? undefined : String(cluster !== false),
  "cluster.address": typeof cluster === "object" ? String(cluster.address) : undefined,
  dataDir,
  "endpoints.allow": endpoints.allow?.length === 0 ? "none" : list(endpoints.allow),
  "http.host": http.host,
  "http.port": http.port?.toString(),
  "http.publicUrl": http.publicUrl?.toString(),
  "http.apiKey": secretText(http.apiKey),
  "http.streamOrigins": list(http.streamOrigins),
  "http.trustProxy": http.trustProxy?.length === 0 ? "none" : list(http.trustProxy),
  "http.metricsPerInstance": http.metricsPerInstance?.toString(),
  "endpoints.encryptionKeys": list(endpoints.encryptionKeys?.map(Redacted.value)),
  "endpoints.file": endpoints.file,
  "traces.endpoint": traces?.endpoint.toString(),
  "traces.headers": list(headers(traces?.headers ?? {})),
  logLevel: logLevel && LogLevel.fromLiteral(logLevel).label
})

const exceptions = ({ except = [] }: NonNullable<ListeningOptions["autoStart"]>) =>
  except.map((pattern) => `-${pattern}`)

const keeps = ({
  general = "forever",
  overrides = {}
}: NonNullable<ListeningOptions["retention"]>) => [
  keepText(general) ?? "",
  ...Object.entries(overrides).map(([pattern, keep]) => `${pattern}=${keepText(keep)}`)
]

const headers = (given: Readonly<Record<string, Redacted.Redacted>>) =>
  Object.entries(given).map(
    ([name, value]) => `${name}=${encodeURIComponent(Redacted.value(value))}`
  )

/** Options that a list of texts cannot have: it would be read as another list. */
type Misread = readonly [option: string, why: string]

const told = (found: ReadonlyArray<readonly [string, boolean, string]>): ReadonlyArray<Misread> =>
  found.flatMap(([option, isWrong, why]) => (isWrong ? [[option, why] as const] : []))

/** `before`: the path to the options, with a dot at its end. */
const misreadListening = ({ autoStart, retention }: ListeningOptions, before = "") => {
  const patterns = [...(autoStart?.only ?? []), ...(autoStart?.except ?? [])]
  return told([
    [
      `${before}autoStart`,
      patterns.some((one) => one.includes(",")),
      "Expected patterns without a comma"
    ],
    [
      `${before}autoStart`,
      autoStart?.only?.some((one) => one.trim().startsWith("-")) === true,
      'Expected patterns that do not begin with "-" in "only"'
    ],
    [
      `${before}retention`,
      Object.keys(retention?.overrides ?? {}).some((one) => /[,=]/.test(one)),
      'Expected patterns without a comma and "="'
    ]
  ])
}

const misread = (options: Options): ReadonlyArray<Misread> => [
  ...misreadListening(options),
  ...Object.entries(options.servers ?? {}).flatMap(([id, server]) =>
    misreadListening(server, `servers.${id}.`)
  ),
  ...told([
    [
      "servers",
      Object.keys(options.servers ?? {}).some((id) => id.includes(",")),
      "Expected ids without a comma"
    ],
    [
      "http.streamOrigins",
      options.http?.streamOrigins?.some((one) => one.includes(",")) === true,
      "Expected one origin in each item"
    ]
  ])
]

/** The variables of texts that are set. */
const assigned = (texts: Texts, name: (variable: string) => string = (variable) => variable) =>
  Object.entries(texts).flatMap(([option, text]) =>
    // Sound: these are the keys of `Texts`.
    text === undefined ? [] : [[name(variables[option as Option]), text] as const]
  )

/** The options as environment variables. */
export const written = (
  options: Options
): Either.Either<ReadonlyMap<string, string>, ConfigError.ConfigError> => {
  const wrong = together(
    misread(options).map(([option, why]) => ConfigError.InvalidData([option], why))
  )
  if (wrong !== undefined) return Either.left(wrong)
  const { evolution, servers } = options
  return Either.right(
    new Map([
      ...assigned({ ...ofListening(options), ...ofService(options) }),
      ...Object.entries(options.endpoints?.variables ?? {}).map(
        ([name, value]) => [name, Redacted.value(value)] as const
      ),
      ...(evolution === undefined ? [] : assigned(ofEvolution(evolution))),
      ...(servers === undefined
        ? []
        : [["EVOLUTION_SERVERS", Object.keys(servers).join(",")] as const]),
      ...Object.entries(servers ?? {}).flatMap(([id, server]) =>
        assigned({ ...ofEvolution(server.evolution), ...ofListening(server) }, (variable) =>
          variableOf(variable, id)
        )
      )
    ])
  )
}

/** Names options in the place of variables, the longest first. */
export const inOptions = (servers: ReadonlyArray<string>): ((text: string) => string) => {
  const options = Object.entries(variables)
  return replacing(
    [
      ...servers.flatMap((id) =>
        options.map(
          ([option, variable]) => [variableOf(variable, id), `servers.${id}.${option}`] as const
        )
      ),
      ...options.map(([option, variable]) => [variable, option] as const)
    ].sort(([left], [right]) => right.length - left.length)
  )
}
