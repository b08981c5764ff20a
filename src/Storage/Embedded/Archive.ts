/**
 * Unpacks the archive that an embedded database begins with, in the form of ustar. PGlite can do it, too, but
 * holds all of its 40 MB in memory, several times, and leaves half of it behind if the process is killed.
 */
import { createReadStream } from "node:fs"
import { mkdir, open, readFile, rename, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { brotliDecompress, createBrotliDecompress } from "node:zlib"

const block = 512

/** Unpacks into a directory that is not there yet: whole, or not at all. */
export const unpack = async (archive: string, directory: string): Promise<void> => {
  const aside = `${directory}.new`
  await rm(aside, { recursive: true, force: true })
  await mkdir(aside, { recursive: true, mode: 0o700 })
  const bytes = reader(createReadStream(archive).pipe(createBrotliDecompress()))
  for (;;) {
    const header = await bytes.take(block)
    // Two empty blocks are the end.
    if (header[0] === undefined || header[0] === 0) break
    const { isDirectory, name, size } = entryOf(header)
    const path = join(aside, name)
    await mkdir(isDirectory ? path : dirname(path), { recursive: true, mode: 0o700 })
    if (isDirectory) continue
    const file = await open(path, "wx", 0o600)
    try {
      for (let left = size; left > 0; ) {
        const part = await bytes.some(left)
        await file.write(part)
        left -= part.length
      }
    } finally {
      await file.close()
    }
    await bytes.take((block - (size % block)) % block)
  }
  await rename(aside, directory)
}

/** For PGlite to unpack: the whole archive in memory. */
export const read = async (archive: string): Promise<Blob> => {
  const tar = await promisify(brotliDecompress)(await readFile(archive))
  return new Blob([tar], { type: "application/x-tar" })
}

/** Name at 0, size at 124 in octal digits, type at 156, the beginning of a long name at 345. */
const entryOf = (header: Buffer) => {
  const text = (from: number, length: number) =>
    header.toString("utf8", from, from + length).replace(/\0.*$/s, "")
  const name = join("/", text(345, 155), text(0, 100))
  return { name, size: Number.parseInt(text(124, 12), 8) || 0, isDirectory: text(156, 1) === "5" }
}

const reader = (stream: AsyncIterable<Buffer>) => {
  const parts = stream[Symbol.asyncIterator]()
  let held: Buffer = Buffer.alloc(0)
  /** At least one byte and at most `most`; fails at the end of the stream. */
  const some = async (most: number): Promise<Buffer> => {
    if (held.length === 0) {
      const { done, value } = await parts.next()
      if (done === true) throw new Error("The archive of a new database ends too early")
      held = value
    }
    const part = held.subarray(0, most)
    held = held.subarray(part.length)
    return part
  }
  return {
    some,
    take: async (length: number): Promise<Buffer> => {
      const taken: Array<Buffer> = []
      for (let left = length; left > 0; ) {
        const part = await some(left)
        taken.push(part)
        left -= part.length
      }
      return Buffer.concat(taken)
    }
  }
}
