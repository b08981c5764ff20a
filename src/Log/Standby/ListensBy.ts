/**
 * In auto mode, the way by which a server's events come is found out by waiting for them in vain. An owner notes it,
 * so that the next one does not wait again.
 */
import { SqlClient, type SqlError } from "@effect/sql"
import { Effect, type Scope } from "effect"
import * as AppConfig from "../../AppConfig.ts"
import { loop } from "../../Concurrency/Supervise.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import { Server } from "../../Domain/Server.ts"
import type { EventSource } from "../../Evolution/EventSource.ts"

export interface ListensBy {
  /** Evolution sent no global events to the last owner. False in other modes. */
  readonly namespace: Effect.Effect<boolean, SqlError.SqlError>
  /** Notes each change of an owner's source until the scope closes. */
  readonly follow: (
    source: Pick<EventSource["Type"], "isShared" | "modeChanged">,
    epoch: number
  ) => Effect.Effect<void, never, Scope.Scope>
}

export const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const server = yield* Server
  const { mode } = yield* AppConfig.Evolution
  if (mode !== "auto")
    return {
      namespace: Effect.succeed(false),
      follow: () => Effect.void
    } satisfies ListensBy
  return {
    namespace: Effect.map(
      sql<{ by_namespace: boolean }>`select by_namespace from servers where id = ${server}`,
      ([row]) => row?.by_namespace ?? false
    ),
    follow: (source, epoch) =>
      loop(
        "note of the mode",
        source.modeChanged.pipe(
          Effect.zipRight(
            Effect.suspend(
              () => sql`
                update servers set by_namespace = ${!source.isShared}
                where id = ${server} and epoch = ${epoch}`
            )
          ),
          // The next owner finds it out by itself.
          Effect.catchAll((error) => Effect.logDebug(`Cannot note the mode: ${detailOf(error)}`)),
          Effect.forever
        )
      ).pipe(Effect.asVoid)
  } satisfies ListensBy
})
