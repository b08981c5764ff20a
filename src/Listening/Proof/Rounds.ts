/** Fetches the messages of instances that are not heard while the link holds, as Evolution's lists tell of them. */
import { Clock, Duration, Effect, Queue } from "effect"
import { loop } from "../../Concurrency/Supervise.ts"
import * as Gap from "../../Domain/Gap.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import { GapLedger } from "../GapLedger.ts"
import { ListenerRegistry } from "../ListenerRegistry.ts"
import { Recovery } from "../Recovery.ts"
import type { List } from "./Evidence.ts"

/** Rounds of different instances at once; their questions go to Evolution one at a time. */
const maxRounds = 4

/** Times in ms since 1970 UTC. */
interface Progress {
  readonly messages: number | null
  /** The last list in which the count had grown. */
  readonly grewAt: number
  /** The beginning of the last round that got everything of its time. */
  fetchedAt: number
}

/** A round leaves younger messages for the next one. */
const margin = Duration.toMillis(Duration.minutes(2))

export const make = Effect.gen(function* () {
  const ledger = yield* GapLedger
  const registry = yield* ListenerRegistry
  const recovery = yield* Recovery
  const lists = yield* Queue.sliding<List>(1)
  let progress: ReadonlyMap<InstanceName, Progress> = new Map()

  const isDeaf = (name: InstanceName) => {
    const { open } = ledger.summary(name)
    return open !== null && Gap.isDeaf(open)
  }

  /** Without a count, each list may hide growth. */
  const advance = (name: InstanceName, { askedAt, instances }: List): Progress => {
    const known = progress.get(name)
    const messages = instances.get(name)?.messages ?? null
    const hasGrown = known === undefined || messages === null || messages !== known.messages
    return {
      messages,
      grewAt: hasGrown ? askedAt : known.grewAt,
      fetchedAt: known?.fetchedAt ?? 0
    }
  }

  const round = ([name, now]: readonly [InstanceName, Progress]) =>
    Effect.gen(function* () {
      if (now.fetchedAt > now.grewAt + margin || !isDeaf(name)) return
      const at = yield* Clock.currentTimeMillis
      if (yield* recovery.round(name)) now.fetchedAt = at
    })

  const take = (list: List) =>
    Effect.gen(function* () {
      const names = (yield* registry.all).map(({ name }) => name).filter(isDeaf)
      progress = new Map(names.map((name) => [name, advance(name, list)]))
      yield* Effect.forEach(progress, round, { concurrency: maxRounds, discard: true })
    })

  yield* loop("rounds of messages", Effect.forever(Effect.flatMap(Queue.take(lists), take)))
  return { take: (list: List) => Effect.asVoid(Queue.offer(lists, list)) }
})
