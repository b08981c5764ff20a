/**
 * Columns of a batch as Postgres' binary arrays, which `pg` sends as they are when they are a Buffer. To
 * make one, and to read it, costs a copy; a text array would be quoted and a JSON one parsed twice.
 *
 * Format: `array_recv` (src/backend/utils/adt/arrayfuncs.c), the same in every version so far.
 */

import type { Utf8 } from "../Domain/Utf8.ts"

/** `pg_type.oid`. */
const oids = { text: 25, timestamptz: 1184, jsonb: 3802 }

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

type Text = string | Utf8 | null

const sizeOf = (text: Text): number =>
  text === null ? 0 : typeof text === "string" ? Buffer.byteLength(text) : text.length

/** `prefix`: a byte that goes before each text. */
const strings = (
  oid: number,
  values: ReadonlyArray<Text>,
  prefix: ReadonlyArray<number> = []
): Buffer => {
  const sizes = values.map(sizeOf)
  const each = 4 + prefix.length
  const array = open(
    oid,
    values.length,
    sizes.reduce((sum, size) => sum + size, each * values.length)
  )
  let at = headerBytes
  values.forEach((value, nth) => {
    const size = sizes[nth] ?? 0
    if (value === null) {
      at = array.writeInt32BE(-1, at)
      return
    }
    at = array.writeInt32BE(prefix.length + size, at)
    for (const byte of prefix) at = array.writeUInt8(byte, at)
    if (typeof value === "string") array.write(value, at)
    else array.write(value.bytes, at, "latin1")
    at += size
  })
  return array.subarray(0, at)
}

export const texts = (values: ReadonlyArray<Text>): Buffer => strings(oids.text, values)

/** JSON texts; the byte before each is the version of `jsonb`'s format. */
export const jsons = (values: ReadonlyArray<Text>): Buffer => strings(oids.jsonb, values, [1])

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
