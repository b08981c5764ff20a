/**
 * Changes of listeners' states at the replicas that own servers, read off their event streams. A replica always
 * listens to the others: a reader that comes gets what changes from then on.
 */
import type { IncomingMessage } from "node:http"
import { NodeStream } from "@effect/platform-node"
import { Duration, Effect, Queue, type Redacted, Schema, Redacted as Secret, Stream } from "effect"
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

/** The changes at the owner of a server, as long as that is another replica. Those that were missed follow. */
export const make =
  ({ apiKey, credential, me, owners, wire }: Around) =>
  (one: OneServer): Stream.Stream<StateChange> => {
    const headers = { apikey: Secret.value(apiKey), [credentialHeader]: credential }
    const ask = (owner: Owner, path: string) =>
      Effect.filterOrFail(
        wire.send(owner.address, { method: "GET", path, headers, body: "" }),
        ({ statusCode }) => statusCode === 200,
        ({ statusCode }) => new Wire.BrokeOff({ cause: new Error(`It answered ${statusCode}`) })
      )

    return Stream.unwrapScoped(
      Effect.gen(function* () {
        const queue = yield* Queue.sliding<StateChange>(maxWaiting)
        /** The kind of state that each listener had last; `undefined`: nothing was known yet. */
        let known: Map<string, ListenerState["_tag"]> | undefined
        let failures = 0

        const tell = (change: StateChange) =>
          Effect.suspend(() => {
            known?.set(change.name, change.state._tag)
            return queue.offer(change)
          })
        const catchUp = (owner: Owner) =>
          Effect.gen(function* () {
            const answer = yield* ask(owner, `/instances?server=${one.id}`)
            const all = yield* Effect.flatMap(Wire.textOf(answer), decodeStates)
            const before = known
            known = new Map(all.map(({ listener, name }) => [name, listener.state._tag]))
            if (before === undefined) return
            for (const { listener, name } of all)
              if (before.get(name) !== listener.state._tag)
                yield* queue.offer({ name, state: listener.state })
          })
        const follow = (owner: Owner) =>
          Effect.gen(function* () {
            const path = `/events/stream?server=${one.id}&event=${noEvent}`
            const answer = yield* ask(owner, path)
            // What changes meanwhile waits in the stream.
            yield* Effect.scoped(catchUp(owner))
            failures = 0
            yield* Stream.runForEach(dataOf(answer, "status"), (data) =>
              Effect.flatMap(decodeNote(data), tell)
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
            Effect.sync(() => void known?.set(name, state._tag))
          )
        )
        yield* loop(`notes of the owner of ${one.id}`, Effect.forever(turn))
        return Stream.fromQueue(queue)
      })
    )
  }
