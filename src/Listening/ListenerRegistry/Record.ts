/** The turns of a listener's state, written into the log; its attempts in between are not. */
import { Cause, DateTime, Effect, Queue, Schema } from "effect"
import { ofOurs } from "../../Domain/Event.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import { ListenerState } from "../../Domain/ListenerState.ts"
import { Ingest } from "../../Log/Ingest.ts"
import { Secrets } from "../../Telemetry/Secrets.ts"

/** The event that tells of each turn. */
export const eventName = "listener.updated"

interface Change {
  readonly name: InstanceName
  readonly state: ListenerState
}

/** Writes down what comes through the queue, without end; waits where the database makes it. */
export const record = (changes: Queue.Dequeue<Change>): Effect.Effect<never, never, Ingest> =>
  Effect.gen(function* () {
    const ingest = yield* Ingest
    const { scrub } = yield* Secrets
    const last = new Map<InstanceName, string>()
    return yield* Effect.forever(
      Effect.flatMap(Queue.take(changes), ({ name, state }) =>
        Effect.suspend(() => {
          if (state._tag === "Connecting" || last.get(name) === state._tag) return Effect.void
          last.set(name, state._tag)
          const receivedAt = DateTime.toEpochMillis(state.since)
          const facts = { instance: name, event: eventName, data: encode(state), receivedAt }
          const turn = ofOurs(facts, scrub)
          return Effect.asVoid(ingest.appendOwn([turn]))
        }).pipe(
          Effect.catchAllDefect((defect) =>
            Effect.logError("Cannot write down a listener's state", Cause.die(defect))
          ),
          Effect.annotateLogs("instance", name)
        )
      )
    )
  })

const encode = Schema.encodeSync(ListenerState)
