/** The audit: a row for every command, with caller, instance, time and outcome. */
import { SqlClient, type SqlError } from "@effect/sql"
import { Cause, Context, DateTime, Effect, Exit, Layer, Option, Predicate } from "effect"
import type { AuditRow } from "../Domain/Audit.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import { Caller } from "../Domain/Key.ts"

export class Audit extends Context.Tag("evolution-listener/Audit")<
  Audit,
  {
    /** Runs a command and records its outcome. */
    readonly record: (
      action: string,
      instance: string | null,
      server?: string | null
    ) => <A, E, R>(command: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R | Caller>
    /** Newest first; `before`: only entries older than this id. */
    readonly read: (query: {
      readonly before?: number | undefined
      readonly limit: number
    }) => Effect.Effect<ReadonlyArray<AuditRow>, SqlError.SqlError>
  }
>() {
  static readonly layer = Layer.effect(
    Audit,
    Effect.suspend(() => make)
  )
}

interface Row {
  readonly id: string
  readonly at: Date
  readonly key_id: string | null
  readonly key_name: string
  readonly action: string
  readonly instance: string | null
  readonly server: string | null
  readonly outcome: string
}

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  return Audit.of({
    record:
      (action, instance, server = null) =>
      (command) =>
        Effect.flatMap(Effect.all([Caller, DateTime.now]), ([caller, at]) =>
          Effect.onExit(command, (exit) => {
            const outcome = outcomeOf(exit)
            return sql`
            insert into audit (at, key_id, key_name, action, instance, server, outcome)
            values (${DateTime.toDate(at)}, ${caller.id}, ${caller.name}, ${action}, ${instance}, ${server},
              ${outcome})`.pipe(
              // Then the log has to remember.
              Effect.catchAll((error) =>
                Effect.logError(
                  `Cannot write down that "${caller.name}" asked for "${action}" of "${instance ?? ""}": ${outcome}; ${detailOf(error)}`
                )
              )
            )
          })
        ),
    read: ({ before, limit }) =>
      Effect.map(
        sql<Row>`
          select * from audit where ${before === undefined ? sql`true` : sql`id < ${before}`}
          order by id desc limit ${limit}`,
        (rows) =>
          rows.map(({ at, id, key_id, key_name, ...row }) => ({
            ...row,
            id: Number(id),
            at: DateTime.unsafeFromDate(at),
            keyId: key_id,
            keyName: key_name
          }))
      )
  })
})

const outcomeOf = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return "done"
  if (Cause.isInterruptedOnly(exit.cause)) return "interrupted"
  return Option.match(Cause.failureOption(exit.cause), {
    onNone: () => "InternalError",
    onSome: (error) => (Predicate.hasProperty(error, "_tag") ? String(error._tag) : "InternalError")
  })
}
