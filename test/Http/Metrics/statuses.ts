/** Statuses of instances in every listener state that the metrics count. */
import { DateTime, Duration } from "effect"
import { type Gap, type GapCause, opened } from "../../../src/Domain/Gap.ts"
import { InstanceName, nothingObserved, type WhatsAppState } from "../../../src/Domain/Instance.ts"
import { ConnectionLost } from "../../../src/Domain/LinkError.ts"
import * as State from "../../../src/Domain/ListenerState.ts"
import { defaultServer } from "../../../src/Domain/Server.ts"
import { type InstanceStatus, statusOf } from "../../../src/Domain/Status.ts"

export const now = DateTime.unsafeMake(1_000_000_000)
export const ago = (seconds: number) => DateTime.subtract(now, { seconds })

const since = ago(600)
const error = ConnectionLost.of(1006, "")
const connecting = State.connecting(State.stopped(since), since)

export const states = {
  stopped: State.stopped(since),
  connecting,
  listening: State.listening(connecting, since),
  waiting: State.waiting(connecting, { since, nextAttempt: now, isFlapping: false, error }),
  flapping: State.waiting(connecting, { since, nextAttempt: now, isFlapping: true, error }),
  parked: State.parked(connecting, { since, nextAttempt: null, userAction: "check_api_key", error })
}

export interface Facts {
  readonly listener?: keyof typeof states
  readonly whatsapp?: WhatsAppState
  /** Seconds ago. */
  readonly lastEvent?: number
  readonly gap?: readonly [cause: GapCause, secondsAgo: number]
  readonly unrecovered?: number
}

const openGap = (name: InstanceName, cause: GapCause, from: DateTime.Utc): Gap =>
  opened({ id: "00000000-0000-4000-8000-000000000000", instance: name, from, cause })

export const status = (name: string, facts: Facts = {}): InstanceStatus => {
  const instance = InstanceName.make(name)
  const { gap, lastEvent, listener = "listening", unrecovered = 0, whatsapp } = facts
  const judged = statusOf(
    {
      ...nothingObserved,
      name: instance,
      desired: "listening",
      desiredAt: since,
      whatsapp:
        whatsapp === undefined ? null : { state: whatsapp, reason: null, origin: "live", at: since }
    },
    {
      listener: states[listener],
      gaps: {
        open: gap === undefined ? null : openGap(instance, gap[0], ago(gap[1])),
        unrecovered
      },
      degraded: null,
      lastEvent: lastEvent === undefined ? null : { event: "call", at: ago(lastEvent) },
      ignoredEvents: 0
    },
    now
  )
  return { ...judged, server: defaultServer }
}

export const nothingWaits = { events: 0, bytes: 0, age: Duration.zero }
