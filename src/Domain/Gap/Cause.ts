/** The causes of gaps. */
import { Schema } from "effect"
import type { SessionError } from "../ListenerState.ts"

/**
 * Why events were not heard. `queue_full`: the listener had stopped reading, because too many events waited
 * for the database. `mode_changed`: in auto mode, the listener went over from one kind of link to the
 * other. `not_subscribed`: Evolution's settings of the instance lacked events. `not_broadcast`:
 * the link was up, and Evolution sent no event of any instance over it. `not_emitted`: Evolution stored
 * messages of this instance and sent none of them, while it sent events of others. `import`: no gap, but
 * messages of a time that a person asked for.
 */
export const GapCause = Schema.Literal(
  "not_reached",
  "connection_lost",
  "heartbeat_missed",
  "namespace_refused",
  "protocol_violation",
  "key_refused",
  "license_required",
  "queue_full",
  "mode_changed",
  "not_subscribed",
  "not_broadcast",
  "not_emitted",
  "listener_crashed",
  "service_stopped",
  "service_crashed",
  "import"
)
export type GapCause = typeof GapCause.Type

/** The link is up, and events do not come. */
export const isDeaf = ({ cause }: { readonly cause: GapCause }): boolean =>
  cause === "not_broadcast" || cause === "not_emitted"

/** The cause of the gap that a session's error begins. */
export const causeOf = (error: SessionError): GapCause => {
  switch (error._tag) {
    case "ConnectionLost":
      return "connection_lost"
    case "HeartbeatMissed":
      return "heartbeat_missed"
    case "NamespaceRefused":
    case "NameImpossible":
      return "namespace_refused"
    case "ModeChanged":
      return "mode_changed"
    case "ProtocolViolation":
      return "protocol_violation"
    case "KeyRefused":
      return "key_refused"
    case "LicenseRequired":
      return "license_required"
    case "DialFailed":
    case "HandshakeTimeout":
    case "UpgradeRefused":
      return "not_reached"
  }
}
