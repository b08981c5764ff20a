/**
 * The archive that an embedded database begins with: the files of its directory, packed by Brotli. Each content is
 * there once, as the three databases of a new cluster are nearly the same, and without many zeros at its end. The tar
 * that PGlite reads takes ten times as long.
 *
 * Its form: the length of the list (32 bits, little-endian), the list of files as JSON, their contents.
 */
import { createHash } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { readFile, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { brotliCompressSync, brotliDecompress, constants } from "node:zlib"

/** A path that begins with a slash; a directory comes before its files, and has no content. */
export interface Entry {
  readonly path: string
  readonly content?: Uint8Array
}

/** A file: its size, and the place of its content among all contents. A directory has its path alone. */
type Listed = readonly [path: string, size?: number, from?: number, to?: number]

/** A few zeros are worth less than a content that can be used as it is. */
const manyZeros = 64 * 1024

const withoutZeros = (content: Uint8Array): Uint8Array => {
  let end = content.length
  while (end > 0 && content[end - 1] === 0) end--
  return content.length - end < manyZeros ? content : content.subarray(0, end)
}

/** `quality`: 9 is nearly as small as the best, which takes half a minute. */
export const pack = (entries: ReadonlyArray<Entry>, quality = 9): Uint8Array => {
  const contents: Array<Uint8Array> = []
  const places = new Map<string, readonly [from: number, to: number]>()
  let length = 0
  const placeOf = (content: Uint8Array) => {
    const hash = createHash("sha256").update(content).digest("hex")
    const place = places.get(hash) ?? ([length, length + content.length] as const)
    if (!places.has(hash)) {
      places.set(hash, place)
      contents.push(content)
      length += content.length
    }
    return place
  }
  const list = entries.map(
    ({ content, path }): Listed =>
      content === undefined ? [path] : [path, content.length, ...placeOf(withoutZeros(content))]
  )
  const words = Buffer.from(JSON.stringify(list))
  const head = Buffer.alloc(4)
  head.writeUInt32LE(words.length)
  return brotliCompressSync(Buffer.concat([head, words, ...contents]), {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      // Files that differ a little lie far from each other.
      [constants.BROTLI_PARAM_LGWIN]: 24
    }
  })
}

const decompress = promisify(brotliDecompress)

/** The contents are made one by one: together they are three times as large as the unpacked archive. */
export const read = async (archive: string): Promise<Iterable<Entry>> => {
  // By parts of 16 KB, which is the default, it takes twice as long.
  const bytes = await decompress(await readFile(archive), { chunkSize: 4 * 1024 * 1024 })
  return entriesIn(bytes)
}

function* entriesIn(bytes: Buffer): Iterable<Entry> {
  const start = 4 + bytes.readUInt32LE()
  const list: ReadonlyArray<Listed> = JSON.parse(bytes.toString("utf8", 4, start))
  const taken = new Set<number>()
  for (const [path, size, from = 0, to = 0] of list) {
    if (size === undefined) {
      yield { path }
      continue
    }
    const packed = bytes.subarray(start + from, start + to)
    // A database in memory writes into its files: each has its bytes for itself.
    const isOwn = to - from === size && !taken.has(from)
    const content = isOwn ? packed : new Uint8Array(size)
    if (!isOwn) content.set(packed)
    taken.add(from)
    yield { path, content }
  }
}

/** Unpacks into a directory that is not there yet: whole, or not at all. */
export const unpack = async (archive: string, directory: string): Promise<void> => {
  const entries = await read(archive)
  const aside = `${directory}.new`
  await rm(aside, { recursive: true, force: true })
  mkdirSync(aside, { recursive: true, mode: 0o700 })
  for (const { content, path } of entries)
    if (content === undefined) mkdirSync(join(aside, path), { mode: 0o700 })
    else writeFileSync(join(aside, path), content, { flag: "wx", mode: 0o600 })
  await rename(aside, directory)
}
