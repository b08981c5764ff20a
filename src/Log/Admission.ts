/** The rows of the Evolution servers in the database. */
import { SqlClient, type SqlError, type Statement } from "@effect/sql"
import { Effect } from "effect"
import { defaultServer } from "../Domain/Server.ts"

/**
 * Adds the rows of servers that are new. With a second server, names of instances are unique within their server
 * alone: the keys of earlier versions go, which such a version needs.
 */
export const admit = (
  servers: ReadonlyArray<string>
): Effect.Effect<void, SqlError.SqlError, SqlClient.SqlClient> =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.withTransaction(
      Effect.gen(function* () {
        const known = yield* sql<{ id: string }>`select id from servers`
        const fresh = servers.filter((server) => !known.some(({ id }) => id === server))
        if (fresh.length > 0)
          yield* sql`
            insert into servers (id)
            select id from jsonb_array_elements_text(${JSON.stringify(fresh)}::jsonb) as fresh (id)
            on conflict (id) do nothing`
        if (servers.every((server) => server === defaultServer)) return
        for (const table of ["instances", "purges"])
          yield* sql.unsafe(`alter table ${table} drop constraint if exists ${table}_pkey`)
      })
    )
  )

/** The condition of a statement that the owner of a server alone may make. */
export const ownedBy = (
  sql: SqlClient.SqlClient,
  server: string,
  epoch: number
): Statement.Fragment => sql`exists (select from servers where id = ${server} and epoch = ${epoch})`
