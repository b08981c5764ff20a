/**
 * Changes of listeners' states at the replicas that own servers, read off their event streams. A replica always
 * listens to the others: a reader that comes gets what changes from then on.
 */
import type { IncomingMessage } from "node:http"
import { NodeStream } from "@effect/platform-node"
import { DateTime, Duration, Effect, Queue, Redacted, Schema, Stream } from "effect"
import { loop } from "../../Concurrency/Supervise.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import { InstanceName } from "../../Domain/Instance.ts"
import { ListenerState } from "../../Domain/ListenerState.ts"
import type { OneServer } from "../../Instances/Servers.ts"
import type { StateChange } from "../../Listening/ListenerRegistry.ts"
import { credentialHeader } from "./Hop.ts"
import type { Owner, Owners } from "./Owners.ts"
import * as Wire from "./Wire.ts"

interface Around {
  readonly apiKey: Redacted.Redacted
  /** The proof for the other replicas. */
  readonly credential: string
  /** The id of this replica. */
  readonly me: string
  readonly owners: Owners
  readonly wire: Wire.Wire
}

/** As many as a reader may lag behind the owner's own. */
const maxWaiting = 1024

/** Doubled with each failure. */
const shortestPause = Duration.millis(250)
const mostDoublings = 4

/** No event has this name, so the stream has notes alone. */
const noEvent = "no.event"

const decodeStates = Schema.decodeUnknown(
  Schema.parseJson(
    Schema.Array(
      Schema.Struct({ name: InstanceName, listener: Schema.Struct({ state: ListenerState }) })
    )
  )
)
const decodeNote = Schema.decodeUnknown(
  Schema.parseJson(Schema.Struct({ name: InstanceName, state: ListenerState }))
)

/** The data of the frames of one name. */
const dataOf = (answer: IncomingMessage, event: string) =>
  NodeStream.fromReadable(
    () => answer,
    (cause) => new Wire.BrokeOff({ cause: new Error(detailOf(cause)) })
  ).pipe(
    Stream.decodeText(),
    Stream.splitLines,
    // A frame has its name before its data.
    Stream.mapAccum("", (name, line) => {
      if (line === "") return ["", undefined]
      if (line.startsWith("event: ")) return [line.slice("event: ".length), undefined]
      const isData = name === event && line.startsWith("data: ")
      return [name, isData ? line.slice("data: ".length) : undefined]
    }),
    Stream.filter((data) => data !== undefined)
  )

/** Both are of one listener, by one clock. */
const isOld = (state: ListenerState, listed: ListenerState): boolean =>
  DateTime.lessThan(state.since, listed.since) ||
  (DateTime.Equivalence(state.since, listed.since) && state._tag === listed._tag)

/** The changes at the owner of a server, as long as that is another replica. Those that were missed follow. */
export const make =
  ({ apiKey, credential, me, owners, wire }: Around) =>
  (one: OneServer): Stream.Stream<StateChange> => {
    const headers = { apikey: Redacted.value(apiKey), [credentialHeader]: credential }
    const ask = (owner: Owner, path: string) =>
      Effect.filterOrFail(
        wire.send(owner.address, { method: "GET", path, headers, body: "" }),
        ({ statusCode }) => statusCode === 200,
        ({ statusCode }) => new Wire.BrokeOff({ cause: new Error(`It answered ${statusCode}`) })
      )

    return Stream.unwrapScoped(
      Effect.gen(function* () {
        const queue = yield* Queue.sliding<StateChange>(maxWaiting)
        /** The state that each listener had last; `undefined`: nothing was known yet. */
        let known: Map<string, ListenerState> | undefined
        let failures = 0

        const tell = (listed: ReadonlyMap<string, ListenerState>) => (change: StateChange) =>
          Effect.suspend(() => {
            const { name, state } = change
            const found = listed.get(name)
            // It waited in the stream while the list was read.
            if (found !== undefined && isOld(state, found)) return Effect.void
            known?.set(name, state)
            return queue.offer(change)
          })
        const catchUp = (owner: Owner) =>
          Effect.gen(function* () {
            const answer = yield* ask(owner, `/instances?server=${one.id}`)
            const before = known
            const all = yield* Effect.flatMap(Wire.textOf(answer), decodeStates)
            const listed = new Map(all.map(({ listener, name }) => [name, listener.state]))
            known = new Map(listed)
            for (const [name, state] of before === undefined ? [] : listed)
              if (before?.get(name)?._tag !== state._tag) yield* queue.offer({ name, state })
            return listed
          })
        const follow = (owner: Owner) =>
          Effect.gen(function* () {
            const path = `/events/stream?server=${one.id}&event=${noEvent}`
            const answer = yield* ask(owner, path)
            // What changes meanwhile waits in the stream.
            const listed = yield* Effect.scoped(catchUp(owner))
            failures = 0
            yield* Stream.runForEach(dataOf(answer, "status"), (data) =>
              Effect.flatMap(decodeNote(data), tell(listed))
            )
          }).pipe(Effect.scoped, Effect.raceFirst(owners.moved(one.id, owner)))

        const pause = Effect.suspend(() =>
          Effect.sleep(Duration.times(shortestPause, 2 ** Math.min(failures, mostDoublings)))
        )
        const turn = Effect.gen(function* () {
          const here = one.owned()
          if (here !== undefined) {
            known ??= new Map()
            return yield* one.lost(here)
          }
          const owner = yield* owners.of(one.id)
          if (owner !== undefined && owner.id !== me)
            yield* Effect.catchAll(follow(owner), (error) => {
              failures++
              return Effect.logDebug(
                `Cannot follow the owner of the server "${one.id}": ${detailOf(error)}`
              )
            })
          yield* pause
        })
        yield* loop(
          `notes of the server ${one.id}`,
          Stream.runForEach(one.changes, ({ name, state }) =>
            Effect.sync(() => void known?.set(name, state))
          )
        )
        yield* loop(`notes of the owner of ${one.id}`, Effect.forever(turn))
        return Stream.fromQueue(queue)
      })
    )
  }
