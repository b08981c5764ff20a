/**
 * The errors that end the link to Evolution, or keep it from coming up. Every listening socket ends with
 * exactly one of them. Each has the data to act on, and each is part of the HTTP API.
 */
import { Option, Schema } from "effect"
import { NameImpossible } from "./EvolutionError.ts"
import * as Intermediary from "./Intermediary.ts"

/**
 * DNS, TCP, TLS or the proxy on the way failed. `code` is Node's, e.g. `ECONNREFUSED`, or `PROXY_REFUSED`,
 * `PROXY_UNREACHABLE`.
 */
export class DialFailed extends Schema.TaggedError<DialFailed>()("DialFailed", {
  message: Schema.String,
  code: Schema.String
}) {
  static of(code: string, detail: string) {
    return new DialFailed({ message: `Cannot reach Evolution: ${detail || code}`, code })
  }
}

/**
 * The giver of an answer to the upgrade, and its reason. `key`: Evolution answers so with 400 and plain text
 * (`allowRequest`). `database`: so, too, when it cannot look the key up. `disabled`: without
 * `WEBSOCKET_ENABLED` there is no Socket.IO, and Express answers 404. `path`: so, too, for another path.
 */
export const UpgradeReason = Schema.Literal(
  "key",
  "database",
  "license",
  "disabled",
  "path",
  "intermediary"
)
export type UpgradeReason = typeof UpgradeReason.Type

const parseJson = Schema.decodeOption(Schema.parseJson())

const upgradeReason = (status: number, body: string): UpgradeReason => {
  if (status === 400 && /^(?:Invalid global token|apiKey is required)$/.test(body)) return "key"
  if (status === 400 && body === "Authentication error") return "database"
  const json = Option.getOrUndefined(parseJson(body))
  if (Intermediary.isWithoutLicense(status, json)) return "license"
  const own = Intermediary.ownError(status, json)
  const route = own && Intermediary.missingRoute(own)
  if (status !== 404 || route === undefined) return "intermediary"
  return /^Cannot GET \/socket\.io\//.test(route) ? "disabled" : "path"
}

/**
 * The WebSocket upgrade was answered with an HTTP status instead: by Evolution, or by an intermediary, which
 * `message` then names.
 */
export class UpgradeRefused extends Schema.TaggedError<UpgradeRefused>()("UpgradeRefused", {
  message: Schema.String,
  status: Schema.Int,
  reason: UpgradeReason,
  /** The answer's body as text, at most 512 characters. */
  body: Schema.String
}) {
  /** `body` and `headers` without secrets. */
  static of(status: number, body: string, headers: Intermediary.Answer["headers"] = {}) {
    const reason = upgradeReason(status, body)
    const message =
      reason === "intermediary"
        ? Intermediary.describe({ status, headers, text: body })
        : `Evolution refused the socket: HTTP ${status} "${body.slice(0, 120)}"`
    return new UpgradeRefused({ message, status, reason, body: body.slice(0, 512) })
  }
}

/** A phase of the handshake took longer than its deadline. */
export class HandshakeTimeout extends Schema.TaggedError<HandshakeTimeout>()("HandshakeTimeout", {
  message: Schema.String,
  phase: Schema.Literal("dial", "open", "namespace"),
  millis: Schema.Int
}) {
  static of(phase: "dial" | "open" | "namespace", millis: number) {
    return new HandshakeTimeout({
      message: `Evolution did not complete the "${phase}" phase within ${millis} ms`,
      phase,
      millis
    })
  }
}

/** No ping within `pingInterval + pingTimeout`: the link is half-open, or the server is stuck. */
export class HeartbeatMissed extends Schema.TaggedError<HeartbeatMissed>()("HeartbeatMissed", {
  message: Schema.String,
  millis: Schema.Int
}) {
  static of(millis: number) {
    return new HeartbeatMissed({ message: `Evolution sent no ping for ${millis} ms`, millis })
  }
}

/** The server refused to connect us to a namespace. Evolution creates one with its first event. */
export class NamespaceRefused extends Schema.TaggedError<NamespaceRefused>()("NamespaceRefused", {
  message: Schema.String,
  namespace: Schema.String,
  reason: Schema.String
}) {
  static of(namespace: string, reason: string) {
    return new NamespaceRefused({
      message: `Evolution refused namespace "${namespace}": ${reason}`,
      namespace,
      reason
    })
  }
}

/** An established link ended. `code` is the WebSocket close code (1006: without a close frame). */
export class ConnectionLost extends Schema.TaggedError<ConnectionLost>()("ConnectionLost", {
  message: Schema.String,
  code: Schema.Int,
  reason: Schema.String
}) {
  static of(code: number, reason: string) {
    return new ConnectionLost({
      message: `Evolution closed the link: ${code}${reason === "" ? "" : ` "${reason}"`}`,
      code,
      reason
    })
  }
}

/** The server sent a frame that is not WebSocket, Engine.IO v4 or Socket.IO v5. */
export class ProtocolViolation extends Schema.TaggedError<ProtocolViolation>()(
  "ProtocolViolation",
  { message: Schema.String, reason: Schema.String }
) {
  static of(reason: string) {
    return new ProtocolViolation({ message: `Evolution broke the protocol: ${reason}`, reason })
  }
}

/** Auto mode: events come by another kind of link from now on, so we ended this one. */
export class ModeChanged extends Schema.TaggedError<ModeChanged>()("ModeChanged", {
  message: Schema.String,
  mode: Schema.Literal("global", "namespace")
}) {
  static to(mode: "global" | "namespace") {
    const message =
      mode === "global"
        ? "Evolution sends global events: the instance is listened to by them from now on"
        : "Evolution sends no global events: the instance is listened to by its namespace from now on"
    return new ModeChanged({ message, mode })
  }
}

export const LinkError = Schema.Union(
  DialFailed,
  UpgradeRefused,
  HandshakeTimeout,
  HeartbeatMissed,
  NamespaceRefused,
  ConnectionLost,
  ModeChanged,
  ProtocolViolation,
  NameImpossible
)
export type LinkError = typeof LinkError.Type
