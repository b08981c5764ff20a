/**
 * Messages in Evolution's database, fetched page by page. Evolution sorts by whole seconds and no further,
 * so pages of one question may overlap; each question here is narrow enough for one page.
 */
import { Duration, Effect, Order } from "effect"
import * as FairSemaphore from "../../Concurrency/FairSemaphore.ts"
import type { RawEvent } from "../../Domain/Event.ts"
import type { EvolutionError } from "../../Domain/EvolutionError.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import { EvolutionClient, type FoundMessage } from "../../Evolution/EvolutionClient.ts"

/** A page of messages has about a megabyte. */
const pageSize = 1000

/** Each question costs Evolution two counts over JSON, so few run at once, with a pause after each. */
const maxQuestions = 2
const pause = Duration.millis(100)

interface Page {
  readonly records: ReadonlyArray<FoundMessage>
  /** The last second that the page covers. */
  readonly to: number
}

export interface Messages {
  /** All messages from second `from` on: up to `to`, or to an earlier second if they exceed one page. */
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
    const questions = FairSemaphore.make(maxQuestions)
    const find = (...query: Parameters<typeof client.findMessages>) =>
      client.findMessages(...query).pipe(
        Effect.zipLeft(Effect.sleep(pause)),
        questions.withPermit,
        Effect.map(({ messages }) => messages)
      )

    const page: Messages["page"] = (instance, from, to) =>
      Effect.gen(function* () {
        const seconds = [from, to] as const
        const { records, total } = yield* find(instance, { seconds, pageSize })
        if (total <= pageSize) return { records, to }
        if (from < to) {
          const share = (0.8 * pageSize) / total
          return yield* page(instance, from, from + Math.floor(share * (to - from)))
        }
        // One second holds more than a page, so the page has to be larger.
        return { records: (yield* find(instance, { seconds, pageSize: total })).records, to }
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
  [...new Map(records.map((one) => [`${one.key.remoteJid} ${one.key.id}`, one])).values()]
    .sort(byTime)
    .map((data) => ({
      name: "messages.upsert",
      payload: { event: "messages.upsert", instance, data },
      receivedAt
    }))
