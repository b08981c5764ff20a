/** Findings about Evolution. */
import { Effect, Option, Predicate, Schema } from "effect"
import * as AppConfig from "../../AppConfig.ts"
import * as ClockOffset from "../../Domain/ClockOffset.ts"
import * as Intermediary from "../../Domain/Intermediary.ts"
import { reasonOf } from "../../Domain/Reach.ts"
import { EvolutionClient } from "../../Evolution/EvolutionClient.ts"
import { type Answer, Probe, versionOf } from "../../Evolution/Probe.ts"
import { type Finding, failed, ok, unknown, warning } from "./Finding.ts"

/** The finding about a version. Before 2.3.2 a socket asks for no key; 2.3.2 asks all callers but loopback. */
export const aboutVersion = (version: string): Finding => {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number)
  const rank = major * 1e6 + minor * 1e3 + patch
  if (rank < 2_003_002)
    return failed(
      "version",
      `Evolution ${version} is too old: its sockets let everybody in without a key; update it to 2.3.7`
    )
  return /^2\.4\.0-rc/.test(version)
    ? warning(
        "version",
        `Evolution ${version} is a candidate that wants a licence, and hands its key to the licence's server: stay with 2.3.7`
      )
    : ok("version", `Evolution ${version}`)
}

/** Engine.IO's open packet: a page that comes with 200 is no socket. */
const isOpened = ({ body, status }: Answer): boolean =>
  status === 200 && typeof body === "string" && body.startsWith("0{")

/** Warns if the socket accepts a caller without a key. */
export const openDoor = Effect.map(
  Effect.flatMap(Probe, ({ handshake }) => handshake(false)),
  (answer): Option.Option<Finding> =>
    isOpened(answer)
      ? Option.some(
          warning(
            "socket without a key",
            'Evolution let us in: whoever reaches it from here, or through a proxy beside it, hears every message; set WEBSOCKET_ALLOWED_HOSTS=none at Evolution, never "*"'
          )
        )
      : Option.none()
)

/** `through the proxy at …`; empty where there is none. */
export const way = Effect.map(
  AppConfig.evolutionProxy,
  Option.match({ onNone: () => "", onSome: (proxy) => `through ${AppConfig.proxyWords(proxy)}` })
)

/** Checks that Evolution answers at its address, and its version. */
export const reached = Effect.gen(function* () {
  const { url } = yield* AppConfig.Evolution
  const through = yield* way
  const { root } = yield* Probe
  const answer = yield* Effect.either(root)
  if (answer._tag === "Left") return [failed("Evolution", answer.left.message)]
  const { status } = answer.right
  return Option.match(versionOf(answer.right), {
    onNone: () => [
      failed(
        "Evolution",
        status >= 500
          ? `${answer.right.intermediary()} Is Evolution behind it running?`
          : `${answer.right.intermediary()} Is EVOLUTION_API_URL right, its path too: ${url.href}?`
      )
    ],
    onSome: (version) => [
      ok("Evolution", `it answers at ${url.origin}${through && `, ${through}`}`),
      aboutVersion(version)
    ]
  })
})

const decodeUnauthorized = Schema.decodeUnknownOption(
  Schema.Struct({ status: Schema.Literal(401), error: Schema.Literal("Unauthorized") })
)

/**
 * The finding about a key that is accepted and is not the global one. A list of one instance proves nothing:
 * there may be no other. Evolution's own 401 to a call that only the global key may make does.
 */
export const instanceKey = Effect.map(
  Effect.option(Effect.flatMap(Probe, ({ credentials }) => credentials)),
  Option.flatMap(({ body }) =>
    Option.map(decodeUnauthorized(body), () =>
      failed(
        "key",
        "it is the token of one instance, and not Evolution's global key: every other instance is out of reach, and none can be created; EVOLUTION_API_KEY has to be Evolution's AUTHENTICATION_API_KEY"
      )
    )
  )
)

/** Checks that REST accepts our key, and that it is the global one. Also gives the names of Evolution's instances. */
export const key = Effect.gen(function* () {
  const client = yield* EvolutionClient
  const rows = yield* Effect.either(client.fetchInstances())
  if (rows._tag === "Left")
    return { finding: aboutRefusal(rows.left._tag, rows.left.message), names: [] }
  const found = rows.right
  return {
    finding: Option.getOrElse(yield* instanceKey, () =>
      ok("key", `Evolution accepts it, and has ${found.length} instances`)
    ),
    names: found.map(({ name }) => name)
  }
})

/** Warns if our clock and Evolution's differ, from the answers to the questions before. */
export const clock = Effect.gen(function* () {
  const offset = yield* Effect.flatMap(EvolutionClient, ({ clockOffset }) => clockOffset)
  const millis = offset === null ? 0 : ClockOffset.certain(offset)
  return Math.abs(millis) <= ClockOffset.tolerated
    ? []
    : [
        warning(
          "clock",
          `${ClockOffset.sentence("Evolution", millis)}: gaps are corrected for it, but times in the log, and how long codes are valid, are off by as much; set both clocks by NTP`
        )
      ]
})

const aboutRefusal = (tag: string, words: string): Finding => {
  switch (tag) {
    case "KeyRefused":
      return failed(
        "key",
        "Evolution refuses it: EVOLUTION_API_KEY has to be Evolution's AUTHENTICATION_API_KEY"
      )
    case "LicenseRequired":
      return failed(
        "key",
        "Evolution has no licence, and answers HTTP 503 to everything: activate it at /manager/login, or use 2.3.7, which needs none"
      )
    default:
      return failed("key", words)
  }
}

/** Checks that websockets are on, and that the socket accepts our key and no caller without one. */
export const socket = Effect.gen(function* () {
  const { broadcast, handshake } = yield* Probe
  const answer = yield* Effect.either(handshake(true))
  if (answer._tag === "Left") return [failed("websocket", answer.left.message)]
  const { body, intermediary, status, words } = answer.right
  const own = Intermediary.ownError(status, body)
  const route = own && Intermediary.missingRoute(own)
  if (route?.startsWith("Cannot GET /socket.io/") === true)
    return [
      failed(
        "websocket",
        "it is disabled: set WEBSOCKET_ENABLED=true at Evolution (exactly that word), and restart it"
      )
    ]
  if (status === 403 && Predicate.hasProperty(body, "code") && body.code === 4)
    return [failed("websocket", `it refuses EVOLUTION_API_KEY: "${words()}"`)]
  if (!isOpened(answer.right))
    return [
      failed(
        "websocket",
        own === undefined ? intermediary() : `it answers HTTP ${status}: "${words()}"`
      )
    ]
  const open = yield* Effect.option(openDoor)
  const dialled = yield* Effect.either(Effect.scoped(broadcast))
  return [
    dialled._tag === "Right"
      ? ok("websocket", "it is enabled, accepts the key and connects")
      : failed(
          "websocket",
          dialled.left._tag === "UpgradeRefused"
            ? `it answers, but does not become a WebSocket: a proxy in between has to pass the "Upgrade" and "Connection" headers (${dialled.left.message})`
            : (reasonOf(
                dialled.left._tag === "DialFailed" ? dialled.left.code : "",
                "the socket",
                "EVOLUTION_API_URL"
              ) ?? dialled.left.message)
        ),
    ...Option.toArray(Option.flatten(open))
  ]
})

/** The finding about a thing that needs Evolution, or its socket, and so was not examined. */
export const unseen = (about: string): Finding =>
  unknown(about, "it cannot be seen before what is above is mended")
