/**
 * Rounds of codes, which Evolution begins on a call. The call starts a second connection while Evolution
 * restores the first, so it is made only if no connection is under way.
 */
import { Duration, Effect, Fiber, FiberMap, Stream } from "effect"
import * as FairSemaphore from "../../Concurrency/FairSemaphore.ts"
import type { EvolutionError } from "../../Domain/EvolutionError.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import { noCode, type QrNotAvailable } from "../../Domain/Pairing.ts"
import { EvolutionClient } from "../../Evolution/EvolutionClient.ts"
import type { Codes } from "./Codes.ts"

export type Refusal = EvolutionError | QrNotAvailable

/** Evolution restores a connection at once (2.4: after 3 s), so a `close` that stays this long is final. */
const secondThought = Duration.seconds(5)

/** Evolution answers after 2 s, and its first event comes before that. */
const beginTimeout = Duration.seconds(10)

export const make = (codes: Codes) =>
  Effect.gen(function* () {
    const client = yield* EvolutionClient
    const rounds = yield* FiberMap.make<InstanceName, void, Refusal>()
    const starting = FairSemaphore.make(1).withPermit
    /** The phone number that the pairing codes of an instance's round are for. */
    const numbers = new Map<InstanceName, string>()

    /** True if no connection is under way at Evolution; false during a round of codes. */
    const isAtRest = (name: InstanceName, isSure: boolean): Effect.Effect<boolean, Refusal> =>
      Effect.gen(function* () {
        const state = yield* client.connectionState(name)
        switch (state) {
          case "connecting":
            return false
          case "close":
            return isSure || (yield* Effect.delay(isAtRest(name, true), secondThought))
          case "open":
            return yield* codes.refuse(name, "already_open")
          case "unknown":
            return yield* codes.refuse(name, "not_yet")
        }
      })

    /** Begins a round of codes unless one is under way, and waits for its first event. */
    const begin = (name: InstanceName, number?: string): Effect.Effect<void, Refusal> =>
      Effect.gen(function* () {
        const { listener, record } = yield* codes.known(name)
        const reason = noCode(record, listener)
        if (reason !== "not_yet" && reason !== "limit_reached" && reason !== "closed")
          return yield* codes.refuse(name, reason)
        // Without a link the codes would be lost.
        if (listener._tag !== "Listening") return yield* codes.refuse(name, "not_yet")
        // A `close` told by an event is final (2.2.1 and newer).
        const isSure = reason !== "not_yet" && record.whatsapp?.origin === "live"
        if (!(yield* isAtRest(name, isSure)))
          return number === undefined ? undefined : yield* codes.refuse(name, "not_possible")
        if (number === undefined) numbers.delete(name)
        else numbers.set(name, number)
        yield* client.connect(name, number)
        yield* codes.occasions(name).pipe(
          Stream.mapEffect(() => codes.look(name, 0)),
          Stream.takeUntil((now) => now !== "limit_reached" && now !== "closed"),
          Stream.runDrain,
          Effect.timeoutOption(beginTimeout)
        )
      })

    return {
      /** Many callers at once share one round; it goes on after they hang up. */
      round: (name: InstanceName, number?: string) =>
        FiberMap.get(rounds, name).pipe(
          Effect.orElse(() => FiberMap.run(rounds, name, begin(name, number))),
          starting,
          Effect.flatMap(Fiber.join)
        ),
      isFor: (name: InstanceName, number: string): boolean => numbers.get(name) === number
    }
  })
