/** The codes of instances, as their events brought them. Asks Evolution nothing. */
import { DateTime, Duration, Effect, Option, Stream } from "effect"
import { InstanceNotFound } from "../../Domain/EvolutionError.ts"
import type { InstanceName, Qr } from "../../Domain/Instance.ts"
import { type NoCode, noCode, QrNotAvailable, words } from "../../Domain/Pairing.ts"
import { codeOf } from "../../Domain/Status.ts"
import { ListenerRegistry } from "../../Listening/ListenerRegistry.ts"
import { EventBus } from "../../Log/EventBus.ts"
import { InstanceStore } from "../../Log/InstanceStore.ts"
import { Instances } from "../Instances.ts"

export interface Wanted {
  /** Only a code with a higher sequence number will do. */
  readonly after?: number | undefined
  /** The time to wait for a code. */
  readonly wait?: Duration.Duration | undefined
}

export type Codes = Effect.Effect.Success<typeof make>

export const make = Effect.gen(function* () {
  const bus = yield* EventBus
  const instances = yield* Instances
  const registry = yield* ListenerRegistry
  const store = yield* InstanceStore

  const refuse = (name: InstanceName, reason: NoCode) =>
    Effect.flatMap(
      instances.status(name),
      ({ userAction }) =>
        new QrNotAvailable({
          message: `Instance "${name}" has no code: ${words[reason]}`,
          instance: name,
          reason,
          userAction
        })
    )

  /** The record of an instance and the state of its listener. */
  const known = (name: InstanceName) => {
    const record = store.get(name)
    return record === undefined
      ? InstanceNotFound.of(name)
      : Effect.map(registry.status(name), (listener) => ({ listener, record }))
  }

  /** The code, or the reason why there is none. */
  const look = (name: InstanceName, after: number) =>
    Effect.gen(function* () {
      const { listener, record } = yield* known(name)
      const qr = codeOf(record, listener, yield* DateTime.now)
      return qr !== null && qr.sequence > after ? qr : noCode(record, listener)
    })

  /** Emits when a code may have changed. Codes expire without an event, hence the tick. */
  const occasions = (name: InstanceName): Stream.Stream<unknown> =>
    Stream.unwrap(
      Effect.map(bus.newest, (cursor) =>
        Stream.merge(
          Stream.filter(bus.after(cursor), ({ instance }) => instance === name),
          Stream.tick("1 second")
        )
      )
    )

  const qrcode = (
    name: InstanceName,
    { after = 0, wait = Duration.zero }: Wanted = {}
  ): Effect.Effect<Qr, InstanceNotFound | QrNotAvailable> =>
    Effect.gen(function* () {
      const first = yield* look(name, after)
      const found =
        first === "not_yet"
          ? yield* occasions(name).pipe(
              Stream.mapEffect(() => look(name, after)),
              Stream.filter((now) => now !== "not_yet"),
              Stream.runHead,
              Effect.timeoutTo({
                duration: wait,
                onSuccess: Option.getOrElse(() => first),
                onTimeout: () => first
              })
            )
          : first
      return typeof found === "string" ? yield* refuse(name, found) : found
    })

  return { known, look, occasions, qrcode, refuse }
})
