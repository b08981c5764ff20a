/** An owner that is no replica: it has a server in the database, lives there, and answers requests as a test likes. */
import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { createServer, type RequestListener } from "node:http"
import type { SqlClient } from "@effect/sql"
import { Effect, Schedule } from "effect"
import { freePort } from "../../support/ServiceProcess.ts"

/** Owns the server until the scope closes. Without a listener nothing listens at its address. */
export const haunt = (sql: SqlClient.SqlClient, server: string, listener?: RequestListener) =>
  Effect.gen(function* () {
    const id = randomUUID()
    const port = yield* freePort
    if (listener !== undefined)
      yield* Effect.acquireRelease(
        Effect.promise(async () => {
          const listening = createServer((request, response) => {
            // The replica follows the notes of each owner.
            if (request.url?.startsWith("/events/stream")) response.writeHead(404).end()
            else listener(request, response)
          }).listen(port, "127.0.0.1")
          await once(listening, "listening")
          return listening
        }),
        (listening) =>
          Effect.sync(() => {
            listening.close()
            listening.closeAllConnections()
          })
      )
    yield* sql`
      insert into replicas (id, address, version)
      values (${id}, ${`http://127.0.0.1:${port}/`}, 'ghost')`
    yield* sql`update replicas set seen_at = now() where id = ${id}`.pipe(
      Effect.schedule(Schedule.spaced("300 millis")),
      Effect.forkScoped
    )
    yield* sql`
      insert into placements (server, replica) values (${server}, ${id})
      on conflict (server) do update set replica = excluded.replica`
    yield* sql`
      update servers set owner = ${id}, epoch = epoch + 1, since = now(), wanted_by = null
      where id = ${server}`
    return id
  })
