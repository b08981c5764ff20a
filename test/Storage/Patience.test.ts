import { connect, createServer, type Socket } from "node:net"
import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Layer, Option, Redacted, Schedule } from "effect"
import { detailOf } from "../../src/Domain/ErrorDetail.ts"
import { classify } from "../../src/Storage/Failure.ts"
import * as Postgres from "../../src/Storage/Postgres.ts"
import * as Sql from "../../src/Storage/Sql.ts"
import { freshSchemaUrl } from "../support/databases.ts"

const testDatabaseUrl = process.env.TEST_DATABASE_URL

/** Stands before a server. Those who are connected when it moves hear nothing any more, not even an end. */
const movingServer = (url: URL) =>
  Effect.acquireRelease(
    Effect.async<{ readonly url: string; readonly moves: () => void; readonly end: () => void }>(
      (resume) => {
        const sockets = new Set<Socket>()
        const server = createServer((client) => {
          const upstream = connect(Number(url.port || 5432), url.hostname)
          client.pipe(upstream).pipe(client)
          for (const socket of [client, upstream]) sockets.add(socket.on("error", () => undefined)) // its close says the same
        })
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          const own = new URL(url)
          own.host = `127.0.0.1:${typeof address === "object" ? address?.port : ""}`
          resume(
            Effect.succeed({
              url: own.href,
              moves: () => {
                for (const socket of sockets) socket.unpipe().pause()
              },
              end: () => {
                for (const socket of sockets) socket.destroy()
                server.close()
              }
            })
          )
        })
      }
    ),
    ({ end }) => Effect.sync(end)
  )

describe.skipIf(testDatabaseUrl === undefined)("A Postgres that stops answering", () => {
  it.scopedLive("fails the statement after its time-out, and serves again from its new place", () =>
    Effect.gen(function* () {
      const server = yield* movingServer(new URL(yield* freshSchemaUrl(testDatabaseUrl ?? "")))
      const url = Redacted.make(server.url)
      const within = Duration.millis(300)
      const context = yield* Layer.build(Sql.layerPostgres(url, within))
      yield* Effect.provide(
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          yield* Effect.all([sql`select 1`, sql`select 1`, sql`select 1`], { concurrency: 3 })
          server.moves()
          const error = yield* Effect.flip(sql`select 2`)
          expect(classify(error)).toBe("unavailable")
          expect(detailOf(error)).toBe("The database did not answer within 300ms")
          // There may be more of the old connections in the pool.
          yield* Effect.retry(sql`select 3`, Schedule.recurs(3))
          // One that only waits for work is no trouble.
          yield* Effect.sleep("1 second")
          yield* sql`select 4`
        }),
        context
      )
    })
  )

  it.scopedLive("differs from one that another process migrates", () =>
    Effect.gen(function* () {
      const url = Redacted.make(yield* freshSchemaUrl(testDatabaseUrl ?? ""))
      const migrating = yield* Effect.fork(
        Effect.provide(Postgres.exclusively(Effect.sleep("1 second")), Postgres.layer(url))
      )
      yield* Effect.sleep("300 millis")
      yield* Layer.build(Sql.layerPostgres(url, Duration.millis(300)))
      expect(yield* Fiber.poll(migrating)).toEqual(Option.some(Exit.void))
    })
  )
})
