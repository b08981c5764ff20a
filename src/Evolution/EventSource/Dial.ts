/** Traces and counts each attempt to open a socket. */
import { Cause, Effect, Exit, Metric, Option } from "effect"
import type { LinkError } from "../../Domain/LinkError.ts"
import * as Metrics from "../../Telemetry/Metrics.ts"
import * as Tracing from "../../Telemetry/Tracing.ts"

const words: Readonly<Record<LinkError["_tag"], string>> = {
  ConnectionLost: "connection_lost",
  DialFailed: "not_reached",
  HandshakeTimeout: "handshake_timeout",
  HeartbeatMissed: "heartbeat_missed",
  ModeChanged: "mode_changed",
  NameImpossible: "name_impossible",
  NamespaceRefused: "namespace_refused",
  ProtocolViolation: "protocol_violation",
  UpgradeRefused: "upgrade_refused"
}

const outcomeOf = (exit: Exit.Exit<unknown, LinkError>): string =>
  Exit.isSuccess(exit)
    ? "up"
    : Option.match(Cause.failureOption(exit.cause), {
        onNone: () => (Cause.isInterruptedOnly(exit.cause) ? "interrupted" : "defect"),
        onSome: ({ _tag }) => words[_tag]
      })

// Registered at once, so that the first dial of each outcome is seen as a rise.
for (const outcome of ["up", ...Object.values(words)]) Metrics.dials({ outcome }).register()

/** `instance`: the one that the connection is for; left out for a shared connection. */
export const dialled = <A, R>(dial: Effect.Effect<A, LinkError, R>, instance?: string) =>
  dial.pipe(
    Tracing.span("evolution.dial", {
      kind: "client",
      root: true,
      ...(instance !== undefined && { attributes: { instance } })
    }),
    Effect.onExit((exit) => Metric.increment(Metrics.dials({ outcome: outcomeOf(exit) })))
  )
