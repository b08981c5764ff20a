/** The gaps of instances that are not heard while the link holds: they open, are fetched, and close. */
import { Clock, Duration, Effect } from "effect"
import type { InstanceName } from "../../Domain/Instance.ts"
import type { ListenerState } from "../../Domain/ListenerState.ts"
import { EventSource } from "../../Evolution/EventSource.ts"
import { GapLedger, transit } from "../GapLedger.ts"
import { ListenerRegistry } from "../ListenerRegistry.ts"
import { Recovery } from "../Recovery.ts"
import type { Sign } from "./Evidence.ts"

interface Listened {
  readonly name: InstanceName
  readonly state: Extract<ListenerState, { readonly _tag: "Listening" }>
}

const inTransit = Duration.toMillis(transit)

export const make = Effect.gen(function* () {
  const ledger = yield* GapLedger
  const recovery = yield* Recovery
  const registry = yield* ListenerRegistry
  const source = yield* EventSource
  /** Instances that are deaf alone, and the time at which it was noticed. */
  const alone = new Map<InstanceName, number>()

  const causeOf = (name: InstanceName) => ledger.summary(name).open?.cause

  const close = (name: InstanceName) => Effect.zipRight(ledger.close(name), recovery.wake(name))

  const listening = Effect.map(registry.all, (all) =>
    all.flatMap(
      ({ name, state }): ReadonlyArray<Listened> =>
        state._tag === "Listening" ? [{ name, state }] : []
    )
  )

  const suspectOne = ({ name, state }: Listened, { after, since, words }: Sign) =>
    Effect.gen(function* () {
      const flow = yield* source.flow(name)
      const heardAt = flow?.lastMessageAt ?? 0
      const isHeard = heardAt >= after - inTransit
      // A link that came up meanwhile closed a gap, which covers the time before.
      if (isHeard || state.since.epochMillis > after || causeOf(name) !== undefined) return
      alone.set(name, yield* Clock.currentTimeMillis)
      const from = Math.max(since, flow?.lastMessageAt ?? state.since.epochMillis)
      yield* ledger.open(name, from - inTransit, "not_emitted")
      yield* Effect.logWarning(
        `${words}, while the link is up. To do: restart Evolution, or update it`
      ).pipe(Effect.annotateLogs("instance", name))
    })

  return {
    /** Opens a gap of every instance that is listened to, from the beginning of its link. */
    openAll: Effect.flatMap(listening, (all) =>
      Effect.forEach(
        all,
        ({ name, state }) =>
          ledger.open(name, state.since.epochMillis - inTransit, "not_broadcast"),
        { discard: true }
      )
    ),
    /** Events come again: closes the gaps that `openAll` opened. */
    closeAll: Effect.flatMap(listening, (all) =>
      Effect.forEach(
        all.filter(({ name }) => causeOf(name) === "not_broadcast"),
        ({ name }) => close(name),
        { discard: true }
      )
    ),
    /** Opens the gap of each instance whose messages were stored and not heard since the list before. */
    suspect: (signs: ReadonlyArray<Sign>) =>
      Effect.gen(function* () {
        const found = new Map((yield* listening).map((one) => [String(one.name), one]))
        for (const sign of signs) {
          const one = found.get(sign.instance)
          if (sign.kind === "messages" && one !== undefined) yield* suspectOne(one, sign)
        }
      }),
    /** Closes the gaps of instances that are heard again. */
    check: Effect.suspend(() =>
      Effect.forEach(
        alone,
        ([name, noticedAt]) =>
          Effect.gen(function* () {
            if (causeOf(name) !== "not_emitted") return void alone.delete(name)
            const flow = yield* source.flow(name)
            if ((flow?.lastMessageAt ?? 0) < noticedAt) return
            alone.delete(name)
            yield* close(name)
            yield* Effect.annotateLogs(
              Effect.logInfo("Messages of this instance are heard again"),
              "instance",
              name
            )
          }),
        { discard: true }
      )
    )
  }
})
