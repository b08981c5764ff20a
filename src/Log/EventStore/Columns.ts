/**
 * Columns of a batch as Postgres' binary arrays, which `pg` sends as they are when they are a Buffer. To
 * make one, and to read it, costs a copy; as texts they would be quoted, and as one JSON text parsed twice.
 *
 * Format: `array_recv` (src/backend/utils/adt/arrayfuncs.c), the same in every version so far.
 */

/** `pg_type.oid`. */
const oids = { text: 25, timestamptz: 1184 }

const headerBytes = 20

const open = (oid: number, count: number, bytes: number): Buffer => {
  const array = Buffer.allocUnsafe(headerBytes + bytes)
  array.writeInt32BE(1, 0) // one dimension
  array.writeInt32BE(1, 4) // there may be nulls
  array.writeInt32BE(oid, 8)
  array.writeInt32BE(count, 12)
  array.writeInt32BE(1, 16) // the first index
  return array
}

export const texts = (values: ReadonlyArray<string | null>): Buffer => {
  const sizes = values.map((value) => (value === null ? 0 : Buffer.byteLength(value)))
  const bytes = sizes.reduce((sum, size) => sum + size, 4 * values.length)
  const array = open(oids.text, values.length, bytes)
  let at = headerBytes
  values.forEach((value, nth) => {
    const size = sizes[nth] ?? 0
    at = array.writeInt32BE(value === null ? -1 : size, at)
    if (value !== null) at += array.write(value, at)
  })
  return array
}

/** Postgres counts from here on, in µs. */
const epoch = Date.UTC(2000, 0, 1)

/** ms since 1970 UTC. */
export const times = (values: ReadonlyArray<number>): Buffer => {
  const array = open(oids.timestamptz, values.length, values.length * 12)
  let at = headerBytes
  for (const value of values) {
    at = array.writeInt32BE(8, at)
    at = array.writeBigInt64BE(BigInt(Math.trunc(value) - epoch) * 1000n, at)
  }
  return array
}
