/**
 * Liveness and readiness of the process. A listener that was stopped on purpose, or that Evolution keeps out, makes
 * neither of them false: its state says so. Neither asks for a key, so neither names a server.
 */
import { Context, Deferred, Duration, Effect, Layer } from "effect"
import { Escalation } from "../Concurrency/Supervise.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { NotLive, NotReady } from "../Domain/Health.ts"
import { EventStore } from "../Log/EventStore.ts"
import { Servers } from "./Servers.ts"

export class Health extends Context.Tag("evolution-listener/Health")<
  Health,
  {
    /** No background loop is beyond help, and the writer of each server writes or waits for the database. */
    readonly live: Effect.Effect<void, NotLive>
    /** The database answers, takes the writes of each server, and has the schema of this version. */
    readonly ready: Effect.Effect<void, NotReady>
  }
>() {
  static readonly layer = Layer.effect(
    Health,
    Effect.suspend(() => make)
  )
}

/** The writer tries again after 5 s and a little at the latest, so by then it is stuck. */
const idleLimit = Duration.seconds(30)

/** Probes time out on their side; the answer must come before they do. */
const answerTimeout = Duration.seconds(2)

const schemaDiffers = {
  behind:
    "The database's schema is older than this version: restart the service, which migrates it",
  ahead: "A newer version has migrated the database: run that version"
}

const make = Effect.gen(function* () {
  const { all } = yield* Servers
  // A replica that owns nothing is as live and as ready as one that owns all.
  const owned = () => all.flatMap((one) => one.owned() ?? [])
  const store = yield* EventStore
  const escalation = yield* Escalation

  return Health.of({
    // A stalled event loop needs no check: it answers no probe while it stands, and is well when it does.
    live: Effect.gen(function* () {
      if (yield* Deferred.isDone(escalation))
        return yield* Effect.mapError(
          Deferred.await(escalation),
          ({ message }) => new NotLive({ reason: "loop", message })
        )
      const idles = yield* Effect.forEach(owned(), ({ ingest }) => ingest.idle)
      const idle = idles.reduce(Duration.max, Duration.zero)
      if (Duration.greaterThan(idle, idleLimit))
        return yield* new NotLive({
          reason: "writer",
          message: `Events wait, and the writer has tried nothing for ${Math.round(Duration.toSeconds(idle))} s`
        })
    }),
    ready: Effect.gen(function* () {
      // It may answer and take nothing: read-only, or full.
      for (const { ingest } of owned()) {
        const degraded = yield* ingest.degraded
        if (degraded === null) continue
        const { message, reason } = degraded
        return yield* new NotReady({ message, reason })
      }
      const { isReadOnly, schema } = yield* store.condition.pipe(
        // To cancel a statement takes as long as the database pleases.
        Effect.disconnect,
        Effect.timeout(answerTimeout),
        Effect.mapError(
          (error) =>
            new NotReady({
              reason: "database_unavailable",
              message: `The database does not answer: ${detailOf(error)}`
            })
        )
      )
      if (isReadOnly)
        return yield* new NotReady({
          reason: "database_read_only",
          message: "The database takes no writes: it is read-only"
        })
      if (schema !== "current")
        return yield* new NotReady({ reason: "schema_differs", message: schemaDiffers[schema] })
    })
  })
})
