/** One log, and programs on it that end and start again. Time is real where a test says so; the database's always is. */
import { randomUUID } from "node:crypto"
import { SqlClient } from "@effect/sql"
import { Context, Deferred, Effect, Exit, Layer, Scope } from "effect"
import { DurableHandlers } from "../../../src/Delivery/DurableHandlers.ts"
import * as DurableRuns from "../../../src/Delivery/DurableRuns.ts"
import { logged } from "../../../src/Domain/Event.ts"
import { defaultServer, Server } from "../../../src/Domain/Server.ts"
import { CurrentFence } from "../../../src/Domain/Tenure.ts"
import { EventBus } from "../../../src/Log/EventBus.ts"
import { EventStore } from "../../../src/Log/EventStore.ts"
import { Purge } from "../../../src/Log/Purge.ts"
import { Notices } from "../../../src/Storage/Notices.ts"
import { event } from "../../Log/EventStore/batch.ts"
import { makeLines } from "../../support/Lines.ts"

export interface Cursor {
  readonly name: string
  readonly cursor: number
  readonly missedUntil: number
}

export const makeWorld = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  /** Starts a program. `epoch`: the tenure that it believes to work in. */
  const start = <E>(
    handlers: Layer.Layer<never, E, DurableHandlers | EventBus>,
    { epoch = 0 }: { readonly epoch?: number } = {}
  ) =>
    Effect.gen(function* () {
      const told = yield* makeLines
      const fallen = yield* Deferred.make<void>()
      const scope = yield* Effect.acquireRelease(Scope.make(), (open) =>
        Scope.close(open, Exit.void)
      )
      const ofServer = DurableRuns.layer.pipe(
        Layer.provideMerge(Purge.layer),
        Layer.provideMerge(EventBus.layer),
        Layer.provideMerge(EventStore.layer),
        Layer.provideMerge(DurableHandlers.layer),
        Layer.provide(Notices.layerNone),
        Layer.provide(Layer.succeed(Server, defaultServer)),
        Layer.provide(
          Layer.succeed(CurrentFence, {
            epoch,
            fall: Effect.asVoid(Deferred.succeed(fallen, undefined)),
            fallen: Deferred.await(fallen),
            continues: false
          })
        )
      )
      const context = yield* handlers.pipe(
        Layer.provide(told.layer),
        Layer.provideMerge(ofServer),
        Layer.provide(Layer.succeed(SqlClient.SqlClient, sql)),
        Layer.fresh,
        Layer.buildWithScope(scope)
      )
      const store = Context.get(context, EventStore)
      const bus = Context.get(context, EventBus)
      return {
        lines: told.lines,
        fallen: Deferred.await(fallen),
        /** Ends it as a kill does: nothing is finished. */
        end: Scope.close(scope, Exit.void),
        purge: Context.get(context, Purge),
        layer: Layer.succeedContext(context),
        publish: bus.publish,
        /** Commits and publishes one event of each name. */
        write: (...names: ReadonlyArray<string>) =>
          Effect.gen(function* () {
            const events = names.map((name) => event("{}", { event: name }))
            const key = randomUUID()
            const ids = yield* store.append({ key, events, quarantined: [], changes: [] })
            const written = events.map((one, nth) => logged(one, ids[nth] ?? 0, defaultServer))
            yield* bus.publish(written)
            return written
          })
      }
    })

  return {
    sql,
    start,
    cursors: sql<Cursor>`
      select name, cursor::float8 as cursor, missed_until::float8 as "missedUntil"
      from handler_cursors order by name`
  }
})

/** Lets other work of the process run, input and output too. */
export const turnOfLoop = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
