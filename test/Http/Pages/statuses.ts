/** Statuses as they cross HTTP, for the tests of the pages' modules. */
import { DateTime, Schema } from "effect"
import { InstanceName, type InstanceRecord } from "../../../src/Domain/Instance.ts"
import { DialFailed, HeartbeatMissed } from "../../../src/Domain/LinkError.ts"
import * as State from "../../../src/Domain/ListenerState.ts"
import { defaultServer } from "../../../src/Domain/Server.ts"
import { InstanceStatus, type Listening, statusOf } from "../../../src/Domain/Status.ts"

export const name = InstanceName.make("loja")
export const began = DateTime.unsafeMake(0)
export const later = DateTime.unsafeMake(90_000)
export const listening = State.listening(State.connecting(State.stopped(began), began), began)

export const record: InstanceRecord = {
  name,
  desired: "listening",
  desiredAt: began,
  whatsapp: null,
  evolution: null,
  connectingSince: null,
  profile: { phone: null, name: null, pictureUrl: null },
  qr: null,
  qrSequence: 0
}

/** A status as it crosses HTTP. */
export const status = (known: Partial<InstanceRecord> = {}, link: Partial<Listening> = {}) =>
  Schema.encodeSync(InstanceStatus)({
    ...statusOf(
      { ...record, ...known },
      {
        listener: listening,
        gaps: { open: null, unrecovered: 0 },
        degraded: null,
        lastEvent: null,
        ignoredEvents: 0,
        ...link
      },
      later
    ),
    server: defaultServer
  })

export const whatsapp = (
  state: NonNullable<InstanceRecord["whatsapp"]>["state"],
  reason: number | null = null
) => ({ whatsapp: { state, reason, origin: "live" as const, at: began } })

export const qr = {
  code: "2@code",
  base64: null,
  pairingCode: null,
  sequence: 3,
  receivedAt: DateTime.unsafeMake(60_000),
  expiresAt: DateTime.unsafeMake(105_000)
}

export const error = HeartbeatMissed.of(45_000)
export const waiting = State.waiting(listening, {
  since: later,
  nextAttempt: DateTime.unsafeMake(120_000),
  isFlapping: true,
  error
})
export const parked = State.parked(listening, {
  since: later,
  nextAttempt: null,
  userAction: "check_api_key",
  error: DialFailed.of("ECONNREFUSED", "connect ECONNREFUSED")
})

/** Time of the answer, by our clock. */
export const at = 1_000_000
