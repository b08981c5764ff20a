/** Writes the listeners' changes of state into the log, but for the attempts between them. */
import { DateTime, Effect, Queue, Schema } from "effect"
import { loop } from "../../Concurrency/Supervise.ts"
import { ofOurs } from "../../Domain/Event.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import { ListenerState } from "../../Domain/ListenerState.ts"
import { Ingest } from "../../Log/Ingest.ts"
import { Secrets } from "../../Telemetry/Secrets.ts"
import type { StateChange } from "./Listeners.ts"

/** The event that tells of each change. */
export const eventName = "listener.updated"

/** Records the changes from the queue until the scope closes; waits while the database makes it wait. */
export const record = (changes: Queue.Dequeue<StateChange>) =>
  Effect.flatMap(Effect.all([Ingest, Secrets]), ([{ appendOwn }, { scrub }]) => {
    const last = new Map<InstanceName, string>()
    const write = ({ name, state }: StateChange) =>
      Effect.suspend(() => {
        if (state._tag === "Connecting" || last.get(name) === state._tag) return Effect.void
        last.set(name, state._tag)
        const receivedAt = DateTime.toEpochMillis(state.since)
        const facts = { instance: name, event: eventName, data: encode(state), receivedAt }
        return appendOwn([ofOurs(facts, scrub)])
      })
    return loop(
      "record of listener states",
      Effect.forever(Effect.flatMap(Queue.take(changes), write))
    )
  })

const encode = Schema.encodeSync(ListenerState)
