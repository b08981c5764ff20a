/** Evolution double: a test fills its message table, and it answers queries as Evolution does. */
import { Effect, Layer } from "effect"
import { type EvolutionError, EvolutionUnavailable } from "../../../src/Domain/EvolutionError.ts"
import type { FoundMessage, InstanceRow } from "../../../src/Evolution/EvolutionClient/Body.ts"
import { EvolutionClient, type MessageQuery } from "../../../src/Evolution/EvolutionClient.ts"
import { makeRandom } from "../../../src/Testing/Random.ts"

export const chat = "5511988887777@s.whatsapp.net"

let rows = 0

/** A row of the message table; row ids grow with every call. */
export const row = (id: string, messageTimestamp: number, remoteJid = chat): FoundMessage => ({
  id: `cm${String(++rows).padStart(8, "0")}`,
  key: { id, remoteJid, fromMe: false },
  messageType: "conversation",
  message: { conversation: `Olá ${id}` },
  messageTimestamp,
  MessageUpdate: []
})

export const away = new EvolutionUnavailable({ message: "Cannot reach Evolution", status: null })

export const makeEvolution = (seed = 1) => {
  const random = makeRandom(seed)
  const evolution = {
    tables: new Map<string, Array<FoundMessage>>(),
    /** Every query with its instance and its time in ms since 1970 UTC. */
    asked: [] as (MessageQuery & { readonly at: number; readonly instance: string })[],
    /** Queries in flight now (`asking`) and their maximum so far (`most`). */
    asking: 0,
    most: 0,
    /** Instances that it lists. */
    instances: [] as ReadonlyArray<InstanceRow>,
    /** Rows that it counts and does not give. */
    hides: 0,
    /** Connection state that it reports for every instance. */
    state: Effect.succeed("open") as Effect.Effect<"open", EvolutionError>,
    /** Error that it returns for a query; `undefined` lets it answer. */
    refuses: (_query: MessageQuery): EvolutionError | undefined => undefined
  }

  const find = (instance: string, { keyId, pageSize, seconds }: MessageQuery) => {
    const [from, to] = seconds ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
    const matching = (evolution.tables.get(instance) ?? []).filter(
      ({ key, messageTimestamp }) =>
        messageTimestamp >= from &&
        messageTimestamp <= to &&
        (keyId === undefined || key.id === keyId)
    )
    // Evolution sorts by the second, newest first; ties come in a different order every time.
    const records = matching
      .map((record) => ({ record, tie: random.next() }))
      .sort(
        (left, right) =>
          right.record.messageTimestamp - left.record.messageTimestamp || left.tie - right.tie
      )
      .slice(0, Math.max(0, Math.min(pageSize, matching.length - evolution.hides)))
      .map(({ record }) => record)
    return { messages: { total: matching.length, records } }
  }

  const layer = Layer.mock(EvolutionClient, {
    ping: Effect.void,
    fetchInstances: () => Effect.sync(() => evolution.instances),
    connectionState: () => Effect.suspend(() => evolution.state),
    findMessages: (instance, query) =>
      Effect.gen(function* () {
        const at = (yield* Effect.clock).unsafeCurrentTimeMillis()
        evolution.asked.push({ ...query, at, instance })
        evolution.most = Math.max(evolution.most, ++evolution.asking)
        yield* Effect.sleep("50 millis")
        const refusal = evolution.refuses(query)
        return refusal === undefined ? find(instance, query) : yield* refusal
      }).pipe(Effect.ensuring(Effect.sync(() => evolution.asking--)))
  })

  return Object.assign(evolution, {
    layer,
    /** Adds messages to the table, as Evolution does when it is configured to store them. */
    stores: (instance: string, rows: ReadonlyArray<FoundMessage>) => {
      evolution.tables.set(instance, [...(evolution.tables.get(instance) ?? []), ...rows])
    },
    /** Ranges of seconds that were queried, in order. */
    stretches: () => evolution.asked.flatMap(({ seconds }) => (seconds ? [seconds] : []))
  })
}
