import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted, Schedule } from "effect"
import * as Postgres from "../../src/Storage/Postgres.ts"
import { type Simulator, scopedSimulator } from "../../src/Testing/mod.ts"
import { freshDatabaseUrl } from "../support/databases.ts"
import { at, startService, temporaryDirectory } from "../support/ServiceProcess.ts"

const { TEST_DATABASE_URL: databaseUrl } = process.env

const names = ["loja-1", "loja-2", "loja-3"]

const sqlAt = (url: string) =>
  Effect.map(Layer.build(Postgres.layer(Redacted.make(url))), (context) =>
    Context.get(context, SqlClient.SqlClient)
  )

const until = <A, E, R>(effect: Effect.Effect<A, E, R>, wanted: (value: A) => boolean) =>
  Effect.filterOrFail(effect, wanted, () => "not yet").pipe(
    Effect.retry({ while: (error) => error === "not yet", schedule: Schedule.spaced("25 millis") })
  )

/** A service as one of the replicas. */
const startReplica = (evolution: Simulator, database: string) =>
  Effect.gen(function* () {
    const replica = yield* startService({
      ...at(evolution),
      CLUSTER: "true",
      DATA_DIR: yield* temporaryDirectory,
      DATABASE_URL: database
    })
    return replica
  })

/** Two replicas; the server may have moved to the second one as that joined. */
const started = Effect.gen(function* () {
  const evolution = yield* scopedSimulator()
  for (const name of names) evolution.add(name, { state: "open" })
  const database = (yield* freshDatabaseUrl(databaseUrl ?? "")).href
  const owner = yield* startReplica(evolution, database)
  for (const name of names)
    yield* owner.until(
      `/instances/${name}/status`,
      (status) => String(status.listener?.state?._tag) === "Listening"
    )
  const standby = yield* startReplica(evolution, database)
  const sql = yield* sqlAt(database)
  return { evolution, replicas: [owner, standby], sql }
})

const current = (sql: SqlClient.SqlClient) =>
  Effect.flatMap(
    sql<{ address: string; epoch: number }>`
      select address, epoch::int from servers join replicas on replicas.id = servers.owner`,
    ([row]) =>
      row === undefined ? Effect.dieMessage("nobody owns the server") : Effect.succeed(row)
  )

/** Sends numbered events of three instances, 200 a second, until the scope closes. */
const sending = (evolution: Simulator) =>
  Effect.gen(function* () {
    let sent = 0
    const send = Effect.sync(() => {
      const name = names[sent % names.length] ?? ""
      evolution.emit(name, "presence.update", { id: `${sent}`, presences: {} })
      sent++
    })
    const fiber = yield* Effect.forkScoped(
      Effect.repeat(Effect.replicateEffect(send, 4), Schedule.spaced("20 millis"))
    )
    return { count: () => sent, stop: fiber.interruptAsFork(fiber.id()) }
  })

describe.skipIf(databaseUrl === undefined)("two replicas", () => {
  it.scopedLive.each([
    ["SIGKILL", "takeover"],
    ["SIGTERM", "handover"]
  ] as const)(
    "log every event once, in order, and know of no gap, when the owner gets %s",
    ([signal, reason]) =>
      Effect.gen(function* () {
        const { evolution, replicas, sql } = yield* started
        const numbers = Effect.map(
          sql<{ n: number }>`
            select (data->>'id')::int as n from events where event = 'presence.update' order by id`,
          (rows) => rows.map(({ n }) => n)
        )
        const { count, stop } = yield* sending(evolution)
        // The standby has heard what the owner has committed.
        const begun = count()
        yield* until(numbers, (found) => Math.max(...found) > begun + 600)
        const tenure = yield* current(sql)
        const owner = replicas.find(({ url }) => tenure.address.startsWith(url))
        const standby = replicas.find((replica) => replica !== owner)
        yield* owner?.stop(signal) ?? Effect.die(tenure.address)
        const ended = count()
        yield* until(numbers, (found) => Math.max(...found) > ended + 100)
        yield* stop
        const all = yield* until(numbers, (found) => Math.max(...found) === count() - 1)

        expect([...all].sort((one, two) => one - two)).toEqual(Array.from(all, (_, nth) => nth))
        for (const [nth] of names.entries()) {
          const ofInstance = all.filter((n) => n % names.length === nth)
          expect(ofInstance).toEqual([...ofInstance].sort((one, two) => one - two))
        }
        expect(yield* sql`select cause from gaps`).toEqual([])
        expect((yield* current(sql)).epoch).toBe(tenure.epoch + 1)
        expect(standby?.output()).toContain(
          `This replica owns the server (${reason}, epoch ${tenure.epoch + 1})`
        )
      }),
    90_000
  )

  it.scopedLive(
    "answer, or refuse the connection so that a proxy takes the other one, while they stop",
    () =>
      Effect.gen(function* () {
        const { replicas, sql } = yield* started
        const { address } = yield* current(sql)
        const owner = replicas.find(({ url }) => address.startsWith(url))
        const answers = yield* Effect.fork(
          Effect.promise(async () => {
            const seen = new Set<number>()
            for (;;) {
              const answer = await fetch(`${address}health/ready`, {
                headers: { connection: "close" }
              }).catch(() => undefined)
              if (answer === undefined) return seen
              seen.add(answer.status)
              await answer.text()
            }
          })
        )
        yield* owner?.stop("SIGTERM") ?? Effect.die(address)
        expect(yield* answers).toEqual(new Set([200]))
      }),
    60_000
  )
})
