/**
 * Messages in Evolution's database, fetched page by page. Evolution sorts by whole seconds and no further,
 * so pages of one question may overlap; each question here is narrow enough for one page.
 */
import { Duration, Effect, Order } from "effect"
import * as FairSemaphore from "../../Concurrency/FairSemaphore.ts"
import type { RawEvent } from "../../Domain/Event.ts"
import { type EvolutionError, EvolutionUnavailable } from "../../Domain/EvolutionError.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import { EvolutionClient, type FoundMessage } from "../../Evolution/EvolutionClient.ts"
import * as Chats from "./Chats.ts"

/** A page of messages has about a megabyte. */
const pageSize = 1000

/** Each question costs Evolution two counts over JSON, so a pause follows it. */
const pause = Duration.millis(100)

/** After a failure the next question is about half the time, but never about less than this; in s. */
const shortestSpan = 60

/** Times that a page is read until it has as many rows as Evolution counts: rows are stored meanwhile. */
const maxReads = 5

interface Page {
  readonly records: ReadonlyArray<FoundMessage>
  /** The last second that the page covers. */
  readonly to: number
}

export interface Messages {
  /** All messages from second `from` on: up to `to`, or to an earlier second if that is too much for one page. */
  readonly page: (
    instance: InstanceName,
    from: number,
    to: number
  ) => Effect.Effect<Page, EvolutionError>
  /** Succeeds with `true` if Evolution stores one of these messages; one alone may have been deleted. */
  readonly hasSome: (
    instance: InstanceName,
    ids: ReadonlyArray<string>
  ) => Effect.Effect<boolean, EvolutionError>
  /** Succeeds with `true` if Evolution stores any message of the instance. */
  readonly hasAny: (instance: InstanceName) => Effect.Effect<boolean, EvolutionError>
}

export const make: Effect.Effect<Messages, never, EvolutionClient> = Effect.map(
  EvolutionClient,
  (client) => {
    // One: other heavy questions of the client wait for one of these at most.
    const turn = FairSemaphore.make(1)
    /** The longest time that a question is about, in s. An Evolution that is slow is asked about less. */
    let span = Number.POSITIVE_INFINITY
    const find = (...query: Parameters<typeof client.findMessages>) =>
      client.findMessages(...query).pipe(
        Effect.zipLeft(Effect.sleep(pause)),
        turn.withPermit,
        Effect.map(({ messages }) => messages)
      )

    const learning = <A>(seconds: number, question: Effect.Effect<A, EvolutionError>) =>
      question.pipe(
        Effect.tap(() => {
          span *= 2
        }),
        Effect.tapError(({ _tag }) => {
          if (_tag === "EvolutionUnavailable")
            span = Math.max(shortestSpan, Math.floor(seconds / 2))
          return Effect.void
        })
      )

    const page: Messages["page"] = (instance, from, to) =>
      Effect.suspend(() => {
        const until = Math.min(to, from + span)
        return learning(until - from, read(instance, from, until, pageSize, maxReads))
      })

    const read = (
      instance: InstanceName,
      from: number,
      to: number,
      size: number,
      reads: number
    ): Effect.Effect<Page, EvolutionError> =>
      Effect.gen(function* () {
        const { records, total } = yield* find(instance, { seconds: [from, to], pageSize: size })
        // Count and rows are two queries: the page is whole only if they agree.
        const rows = new Set(records.map(({ id }) => id)).size
        if (rows === total || (rows > total && rows < size)) return { records, to }
        if (reads === 1) return yield* notWhole(rows, total)
        if (total > size && from < to) {
          const share = (0.8 * size) / total
          return yield* read(instance, from, from + Math.floor(share * (to - from)), size, reads)
        }
        // One second holds more than a page, so the page has to be larger.
        return yield* read(instance, from, to, Math.max(size, total), reads - 1)
      })

    const isFound = (...query: Parameters<typeof find>) =>
      Effect.map(find(...query), ({ total }) => total > 0)
    return {
      page,
      hasSome: (instance, ids) =>
        Effect.exists(ids, (keyId) => isFound(instance, { keyId, pageSize: 1 })),
      hasAny: (instance) => isFound(instance, { pageSize: 1 })
    }
  }
)

const notWhole = (rows: number, total: number) =>
  new EvolutionUnavailable({
    message: `Evolution counts ${total} messages of a stretch of time, and gives ${rows}`,
    status: null
  })

/** Within a second, by the rows' ids, which grow with time (cuid). */
const byTime = Order.combine(
  Order.mapInput(Order.number, ({ messageTimestamp }: FoundMessage) => messageTimestamp),
  Order.mapInput(Order.string, ({ id }: FoundMessage) => id)
)

/** The messages as events, oldest first, each once: Evolution 2.3.7 may store a message twice. */
export const toEvents = (
  instance: InstanceName,
  receivedAt: number,
  records: ReadonlyArray<FoundMessage>
): ReadonlyArray<RawEvent> =>
  [...new Map(records.map((one) => [Chats.identity(one), one])).values()]
    .sort(byTime)
    .map((data) => ({
      name: "messages.upsert",
      payload: { event: "messages.upsert", instance, data },
      receivedAt
    }))
