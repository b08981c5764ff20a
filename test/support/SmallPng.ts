/** A picture with at most 256 colours, a quarter of the size. */
import { deflateSync } from "node:zlib"
import { PNG } from "pngjs"

const maxColors = 256

/** Keeps the most frequent colours; any other becomes the nearest of them. */
export const shrink = (png: Uint8Array): Buffer => {
  const { data, height, width } = PNG.sync.read(Buffer.from(png))
  const colors = new Uint32Array(width * height)
  const counts = new Map<number, number>()
  for (let pixel = 0; pixel < colors.length; pixel++) {
    const color = data.readUIntBE(pixel * 4, 3)
    colors[pixel] = color
    counts.set(color, (counts.get(color) ?? 0) + 1)
  }
  const palette = [...counts].sort(([, left], [, right]) => right - left).map(([color]) => color)
  palette.length = Math.min(palette.length, maxColors)
  const indices = new Map(palette.map((color, index) => [color, index]))
  const indexOf = (color: number): number => {
    const known = indices.get(color)
    if (known !== undefined) return known
    const index = nearest(palette, color)
    indices.set(color, index)
    return index
  }
  const rows = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      rows[y * (width + 1) + 1 + x] = indexOf(colors[y * width + x] ?? 0)

  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, paletteType, 0, 0, 0], 8)
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette.flatMap(channels))),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0))
  ])
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const paletteType = 3

const channels = (color: number) => [color >> 16, (color >> 8) & 255, color & 255]

const nearest = (palette: ReadonlyArray<number>, color: number): number => {
  const wanted = channels(color)
  let [best, least] = [0, Number.POSITIVE_INFINITY]
  for (const [index, candidate] of palette.entries()) {
    const distance = channels(candidate).reduce(
      (sum, channel, axis) => sum + (channel - (wanted[axis] ?? 0)) ** 2,
      0
    )
    if (distance < least) [best, least] = [index, distance]
  }
  return best
}

const chunk = (type: string, body: Buffer): Buffer => {
  const named = Buffer.concat([Buffer.from(type, "latin1"), body])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}

/** CRC-32 of ISO 3309, which PNG needs; Node has one since version 22. */
const crc32 = (bytes: Buffer): number => {
  let sum = 0xffffffff
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1
  }
  return (sum ^ 0xffffffff) >>> 0
}
