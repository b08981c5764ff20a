/** Shared by the rivals: the row of an event, which is neither decoded nor checked. */

export interface Envelope {
  readonly event: string
  readonly instance: string
  readonly data: unknown
  readonly date_time: string
}

export const insert = `
  insert into events (instance, event, data, upstream_time, received_at, origin)
  values ($1, $2, $3, $4, $5, 'live')`

export const valuesOf = ({ data, date_time, event, instance }: Envelope): Array<string> => [
  instance,
  event,
  JSON.stringify(data),
  date_time,
  new Date().toISOString()
]

/** Inserts many rows at once, with one array parameter per column. */
export const insertMany = `
  insert into events (instance, event, data, upstream_time, received_at, origin)
  select *, 'live' from unnest($1::text[], $2::text[], $3::jsonb[], $4::text[], $5::timestamptz[])`

export const columnsOf = (rows: ReadonlyArray<ReadonlyArray<string>>): Array<Array<string>> =>
  [0, 1, 2, 3, 4].map((column) => rows.map((row) => row[column] ?? ""))
