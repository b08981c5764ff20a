import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted, Schedule } from "effect"
import * as Postgres from "../../src/Storage/Postgres.ts"
import { scopedSimulator } from "../../src/Testing/mod.ts"
import { type Frame, open } from "../Http/EventStreamReader.ts"
import { freshDatabaseUrl } from "../support/databases.ts"
import { apiKey, at, type ServiceProcess, startService } from "../support/ServiceProcess.ts"

const { TEST_DATABASE_URL: databaseUrl } = process.env

const idsOf = (frames: ReadonlyArray<Frame>) =>
  frames.flatMap(({ data, event, id }) => (event === "" && data !== undefined ? [id ?? 0] : []))

const streamOf = ({ url }: ServiceProcess, after: number) =>
  open(url, `/events/stream?after=${after}`, { apikey: apiKey })

describe.skipIf(databaseUrl === undefined)("the event stream of two replicas", () => {
  it.scopedLive(
    "is the same on both, for a reader that changes between them, and after the owner's end",
    () =>
      Effect.gen(function* () {
        const evolution = yield* scopedSimulator()
        evolution.add("loja-1", { state: "open" })
        const database = (yield* freshDatabaseUrl(databaseUrl ?? "")).href
        const start = startService({ ...at(evolution), CLUSTER: "true", DATABASE_URL: database })
        const first = yield* start
        yield* first.until(
          "/instances/loja-1/status",
          (status) => String(status.listener?.state?._tag) === "Listening"
        )
        const replicas = [first, yield* start] as const
        const sql = Context.get(
          yield* Layer.build(Postgres.layer(Redacted.make(database))),
          SqlClient.SqlClient
        )
        let sent = 0
        const sending = yield* Effect.forkScoped(
          Effect.repeat(
            Effect.sync(() =>
              evolution.emit("loja-1", "presence.update", { id: `${sent++}`, presences: {} })
            ),
            Schedule.spaced("5 millis")
          )
        )
        const readers = [yield* streamOf(replicas[0], 0), yield* streamOf(replicas[1], 0)] as const

        const moved: Array<number> = []
        for (let turn = 0; turn < 20; turn++) {
          const reader = yield* streamOf(replicas[turn % 2 === 0 ? 0 : 1], moved.at(-1) ?? 0)
          const [hello, ...events] = yield* reader.take(26)
          expect(hello).toMatchObject({ event: "hello", data: { recovered: true } })
          moved.push(...idsOf(events))
          yield* reader.cut
        }

        const [row] = yield* sql<{ address: string }>`
          select address from servers join replicas on replicas.id = servers.owner`
        const isOwner = (nth: number) => row?.address.startsWith(replicas[nth]?.url ?? "-") === true
        const before = sent
        for (const [nth, { stop }] of replicas.entries()) if (isOwner(nth)) yield* stop("SIGTERM")
        yield* Effect.repeat(Effect.sleep("25 millis"), { until: () => sent > before + 200 })
        yield* sending.interruptAsFork(sending.id())
        const last = (frame: Frame) => Object(frame.data).data?.id === `${sent - 1}`
        const [reader = readers[0]] = readers.filter((_, nth) => !isOwner(nth))
        const seen = idsOf(yield* reader.takeUntil(last))

        const all = (yield* sql<{ id: string }>`select id from events order by id`).map(({ id }) =>
          Number(id)
        )
        expect(seen).toEqual(all.slice(0, seen.length))
        expect(seen.length).toBeGreaterThan(before)
        expect(moved).toEqual(all.slice(0, moved.length))
      }),
    { timeout: 90_000 }
  )
})
