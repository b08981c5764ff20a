/** A limit: inserts the same rows into the same table, in batches or one awaited INSERT at a time. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import pg from "pg"
import type { EvolutionEvent } from "../../../src/Domain/Event.ts"
import { EventStore } from "../../../src/Log/EventStore.ts"
import { jsonText } from "../../support/jsonText.ts"
import { makeRows, type Row, type Way, ways } from "./inserts/ways.ts"
import { insert } from "./rival.ts"
import { serve, variable } from "./serve.ts"

export interface Plan {
  /** `ours`: the service's own statement, through `EventStore`. */
  readonly way: Way | "ours"
  readonly batch: number
  readonly connections: number
}

export type Inserts = typeof commands

/** Different rows; after the last the first comes again. */
const rowCount = 40_000
const rows = makeRows(rowCount)

const url = variable("DATABASE_URL")
const connect = async () => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return client
}
const clients = await Promise.all([connect(), connect()])
const [first] = clients

const store = ManagedRuntime.make(
  EventStore.layer.pipe(Layer.provide(PgClient.layer({ url: Redacted.make(url) })))
)

const toEvent = ([instance, event, json, upstreamTime, receivedAt]: Row): EvolutionEvent => ({
  instance,
  event,
  json: jsonText(json),
  upstreamTime,
  extra: null,
  lifeCycle: null,
  receivedAt: Date.parse(receivedAt),
  origin: "live"
})

const ours = (batch: ReadonlyArray<Row>) => {
  const events = batch.map(toEvent)
  return () =>
    store.runPromise(
      Effect.flatMap(EventStore, ({ append }) =>
        append({ key: crypto.randomUUID(), events, quarantined: [], changes: [] })
      )
    )
}

type Write = (client: pg.Client) => Promise<unknown>
let batches: ReadonlyArray<Write> = []
let prepared: Plan = { way: "copy", batch: 1, connections: 1 }

const commands = {
  /** Builds the batches before the measurement. */
  prepare: (plan: Plan): void => {
    prepared = plan
    const make = plan.way === "ours" ? ours : ways[plan.way]
    batches = Array.from({ length: Math.floor(rowCount / plan.batch) }, (_, index) =>
      make(rows.slice(index * plan.batch, (index + 1) * plan.batch))
    )
  },
  /** Gives rows per second. */
  run: async (seconds: number): Promise<number> => {
    const began = performance.now()
    const until = began + seconds * 1000
    let written = 0
    let turn = 0
    const lane = async (client: pg.Client): Promise<void> => {
      while (performance.now() < until) {
        await batches[turn++ % batches.length]?.(client)
        written += prepared.batch
      }
    }
    await Promise.all(clients.slice(0, prepared.connections).map(lane))
    return (written * 1000) / (performance.now() - began)
  },
  /** Awaits one INSERT after the other; gives the duration of each, in ms. */
  awaited: async (seconds: number): Promise<ReadonlyArray<number>> => {
    const until = performance.now() + seconds * 1000
    const took: Array<number> = []
    for (let turn = 0, begun = performance.now(); begun < until; turn++) {
      await first.query(insert, [...(rows[turn % rowCount] ?? [])])
      const ended = performance.now()
      took.push(ended - begun)
      begun = ended
    }
    return took
  }
}

serve(commands)
