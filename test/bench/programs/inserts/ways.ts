/** Ways to insert a batch of rows into the log's table, and nothing else. */
import type pg from "pg"
import { nameOf } from "../Evolution/Feed.ts"
import { dataOf } from "../Evolution/Frames.ts"
import { columnsOf, insertMany } from "../rival.ts"

/** instance, event, data, upstream_time, received_at */
export type Row = readonly [string, string, string, string, string]

const instances = 100
const variants = 4

/** Makes different messages, from 100 instances in turn. */
export const makeRows = (count: number): ReadonlyArray<Row> => {
  const texts = Array.from({ length: instances * variants }, (_, number) => {
    const index = number % instances
    return dataOf({ index, instance: nameOf(index), variant: Math.floor(number / instances) })
  })
  const time = new Date().toISOString()
  return Array.from({ length: count }, (_, serial): Row => {
    const text = texts[serial % texts.length]?.(serial) ?? "null"
    return [nameOf(serial % instances), "messages.upsert", text, time, time]
  })
}

type Write = (client: pg.Client) => Promise<unknown>

const columns = "instance, event, data, upstream_time, received_at, origin"

const jsonOf = (rows: ReadonlyArray<Row>): string =>
  `[${rows
    .map(
      ([instance, event, data, sentAt, receivedAt]) =>
        `{"instance":"${instance}","event":"${event}","data":${data},` +
        `"upstream_time":"${sentAt}","received_at":"${receivedAt}","origin":"live"}`
    )
    .join(",")}]`

const recordset =
  (type: "json" | "jsonb") =>
  (rows: ReadonlyArray<Row>): Write => {
    const values = [jsonOf(rows)]
    const text = `insert into events (${columns}) select ${columns}
      from ${type}_to_recordset($1::${type}) as (instance text, event text, data jsonb,
        upstream_time text, received_at timestamptz, origin text)`
    return (client) => client.query({ name: `${type} recordset`, text, values })
  }

const unnest = (rows: ReadonlyArray<Row>): Write => {
  const values = columnsOf(rows)
  return (client) => client.query({ name: "unnest", text: insertMany, values })
}

const copy = (rows: ReadonlyArray<Row>): Write => {
  const escaped = (text: string) => text.replaceAll("\\", "\\\\")
  const data = Buffer.from(rows.map((row) => `${row.map(escaped).join("\t")}\tlive\n`).join(""))
  return (client) =>
    new Promise<void>((resolve, reject) => {
      const query: pg.Submittable & CopyHandlers = {
        submit: (connection) => connection.query(`copy events (${columns}) from stdin`),
        handleCopyInResponse: (connection) => {
          connection.sendCopyFromChunk(data)
          connection.endCopyFrom()
        },
        handleCommandComplete: () => {},
        handleReadyForQuery: () => resolve(),
        handleError: reject
      }
      client.query(query)
    })
}

/** The part of `pg`'s interface for custom queries that its types leave out. */
interface CopyHandlers {
  readonly handleCopyInResponse: (connection: {
    readonly sendCopyFromChunk: (chunk: Buffer) => void
    readonly endCopyFrom: () => void
  }) => void
  readonly handleCommandComplete: () => void
  readonly handleReadyForQuery: () => void
  readonly handleError: (error: Error) => void
}

export const ways = {
  "jsonb recordset": recordset("jsonb"),
  "json recordset": recordset("json"),
  unnest,
  copy
}
export type Way = keyof typeof ways
