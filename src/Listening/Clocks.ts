/**
 * Compares our clock with Evolution's and with WhatsApp's. Gaps are bounded by our clock and messages are
 * found by theirs: where the clocks differ and nobody knows, back-fill asks about another time.
 */
import { Context, Effect, Layer, Schedule } from "effect"
import { loop } from "../Concurrency/Supervise.ts"
import * as ClockOffset from "../Domain/ClockOffset.ts"
import type { LoggedEvent } from "../Domain/Event.ts"
import { EvolutionClient } from "../Evolution/EvolutionClient.ts"
import { EventBus } from "../Log/EventBus.ts"

export interface Offsets {
  /** To the host of Evolution, which stamps the messages that it sends. `null`: not measured. */
  readonly evolution: ClockOffset.ClockOffset | null
  /** To WhatsApp, which stamps all others. `null`: not measured. */
  readonly whatsapp: ClockOffset.ClockOffset | null
}

export class Clocks extends Context.Tag("evolution-listener/Clocks")<
  Clocks,
  {
    /** The time by which our clock is ahead of each of the two, as far as it is known now. */
    readonly offsets: Effect.Effect<Offsets>
  }
>() {
  static readonly layer = Layer.scoped(
    Clocks,
    Effect.suspend(() => make)
  )
}

const checkEvery = "5 seconds"

const make = Effect.gen(function* () {
  const client = yield* EvolutionClient
  const bus = yield* EventBus
  const clock = yield* Effect.clock
  const messages = ClockOffset.ofMessages()
  const moment = () => ClockOffset.momentOf(clock)

  yield* bus.watch({
    published: (events) => {
      // Those of the owner before were received by the clock of another machine.
      const newest = events.findLast((event) => isLiveMessage(event) && bus.isOurs(event))
      const sentAt = newest && timeOf(newest.json)
      if (newest !== undefined && sentAt !== undefined)
        messages.heard(sentAt * 1000, newest.receivedAt, moment())
    },
    forgetting: () => undefined
  })

  const offsets = Effect.map(
    client.clockOffset,
    (evolution): Offsets => ({ evolution, whatsapp: messages.offset(moment()) })
  )
  yield* loop("comparison of clocks", Effect.repeat(makeTell(offsets), Schedule.spaced(checkEvery)))
  return Clocks.of({ offsets })
})

const isLiveMessage = ({ event, origin }: LoggedEvent): boolean =>
  origin === "live" && event === "messages.upsert"

const key = '"messageTimestamp":'
/** A number of seconds; Evolution's Business channel writes it as a text. */
const seconds = /^"?(\d{10})\b/

/** The seconds of a message, read without parsing it. Within a string the quotes of the key are escaped. */
const timeOf = (json: LoggedEvent["json"]): number | undefined => {
  const at = json.lastIndexOf(key)
  const [, digits] =
    at < 0 ? [] : (seconds.exec(json.slice(at + key.length, at + key.length + 12)) ?? [])
  return digits === undefined ? undefined : Number(digits)
}

/** Warns when a difference has become too large, and tells when it has gone. */
const makeTell = (offsets: Effect.Effect<Offsets>) => {
  const warned = new Set<string>()
  return Effect.flatMap(offsets, (now) =>
    Effect.forEach(
      [
        ["Evolution", now.evolution],
        ["WhatsApp", now.whatsapp]
      ] as const,
      ([whose, offset]) => {
        const millis = offset === null ? 0 : ClockOffset.certain(offset)
        if (Math.abs(millis) > ClockOffset.tolerated)
          return warned.has(whose)
            ? Effect.void
            : Effect.zipRight(
                Effect.sync(() => warned.add(whose)),
                Effect.logWarning(`${ClockOffset.sentence(whose, millis)}: set both by NTP`)
              )
        return offset !== null && warned.delete(whose)
          ? Effect.logInfo(`Our clock agrees with ${whose}'s again`)
          : Effect.void
      },
      { discard: true }
    )
  )
}
