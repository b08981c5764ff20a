import { describe, expect, it } from "@effect/vitest"
import { Decoder, type Packet } from "socket.io-parser"
import { dataOf, idDigits, type Kind, makeTemplate, stampDigits, writeDigits } from "./Frames.ts"

const kind = (changes: Partial<Kind> = {}): Kind => ({
  instance: "shop-1",
  index: 0,
  variant: 0,
  namespace: "/",
  isBinary: false,
  ...changes
})

/** Payloads of the WebSocket frames in some bytes. */
const payloads = (bytes: Buffer): ReadonlyArray<{ isBinary: boolean; payload: Buffer }> => {
  if (bytes.length === 0) return []
  const short = (bytes[1] ?? 0) & 0x7f
  const [length, from] = short === 126 ? [bytes.readUInt16BE(2), 4] : [short, 2]
  const payload = bytes.subarray(from, from + length)
  const isBinary = ((bytes[0] ?? 0) & 0x0f) === 2
  return [{ isBinary, payload }, ...payloads(bytes.subarray(from + length))]
}

/** Packets that the official parser decodes from the frames. */
const decode = (bytes: Buffer): Packet => {
  const decoder = new Decoder()
  let found: Packet | undefined
  decoder.on("decoded", (packet) => {
    found = packet
  })
  for (const { isBinary, payload } of payloads(bytes))
    decoder.add(isBinary ? payload : payload.toString("utf8").slice(1))
  if (found === undefined) throw new Error("no whole packet")
  return found
}

const filled = (changes: Partial<Kind> = {}): Buffer => {
  const { bytes, dateAt, idAt, stampAt } = makeTemplate(kind(changes))
  writeDigits(bytes, idAt, idDigits, 42)
  writeDigits(bytes, stampAt, stampDigits, 1_234_567)
  bytes.write("2026-02-03T04:05:06.789Z", dateAt, "latin1")
  return bytes
}

describe("frames encoded beforehand", () => {
  it("are messages to the official parser", () => {
    const { data, nsp } = decode(filled())
    expect(nsp).toBe("/")
    expect(data).toMatchObject([
      "messages.upsert",
      {
        event: "messages.upsert",
        instance: "shop-1",
        date_time: "2026-02-03T04:05:06.789Z",
        data: {
          key: { id: "3EB00000000000000042" },
          message: { conversation: expect.stringMatching(/^sent:0000000001234567 /) }
        }
      }
    ])
  })

  it("go to a namespace where one is wanted", () => {
    expect(decode(filled({ namespace: "/shop-1" })).nsp).toBe("/shop-1")
  })

  it("carry attachments as binary frames", () => {
    const { data } = decode(filled({ isBinary: true }))
    expect(data[1]).toMatchObject({
      data: { message: { imageMessage: { jpegThumbnail: expect.any(Buffer) } } }
    })
  })

  it("have about a kilobyte", () => {
    const sizes = Array.from({ length: 50 }, (_, variant) => filled({ variant }).length)
    const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length
    expect(mean).toBeGreaterThan(900)
    expect(mean).toBeLessThan(1300)
  })

  it("differ by instance and by variant", () => {
    const texts = [filled(), filled({ variant: 1 }), filled({ instance: "shop-2", index: 1 })]
    expect(new Set(texts.map(String)).size).toBe(3)
  })

  it("are the same data as the rows that go to Postgres alone", () => {
    const [, envelope] = decode(filled()).data
    const own = JSON.parse(dataOf(kind())(42))
    const sent = { ...own, message: { conversation: expect.stringContaining("sent:") } }
    expect(envelope).toMatchObject({ data: sent })
  })
})
