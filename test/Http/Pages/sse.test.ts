import { describe, expect, it } from "@effect/vitest"
import { makeParser } from "../../../src/Http/Pages/sse.js"
import { makeRandom } from "../../../src/Testing/Random.ts"

/** Everything that a stream tells, in its order, when it comes in these pieces. */
const heard = (pieces: ReadonlyArray<string>): ReadonlyArray<string> => {
  const told: Array<string> = []
  const { push } = makeParser({
    onFrame: ({ data, event }) => told.push(`${event}: ${data}`),
    onId: (id) => told.push(`id ${id}`),
    onRetry: (millis) => told.push(`retry ${millis}`)
  })
  for (const piece of pieces) push(piece)
  return told
}

describe("a stream of events", () => {
  it("has frames with a name, an id and data", () => {
    expect(heard(['retry: 1000\nevent: hello\ndata: {"a":1}\n\n', "id: 7\ndata: one\n\n"])).toEqual(
      ["retry 1000", 'hello: {"a":1}', "id 7", "message: one"]
    )
  })

  it("may have data of several lines, empty ones too", () => {
    expect(heard(["data: a\ndata:\ndata:  b\n\n"])).toEqual(["message: a\n\n b"])
    expect(heard(["data\n\n"])).toEqual(["message: "])
  })

  it("has comments and fields of no meaning, which are passed over", () => {
    expect(heard([": heartbeat\n\n", "colour: red\n\n", "data: a\n: in between\n\n"])).toEqual([
      "message: a"
    ])
  })

  it("tells an id that comes without data: a heartbeat says how far the reader is", () => {
    expect(heard([": heartbeat\nid: 42\n\n"])).toEqual(["id 42"])
  })

  it("forgets a frame's name with the frame, and gives no frame without data", () => {
    expect(heard(["event: a\n\ndata: b\n\n", "event: c\ndata: d\n\n"])).toEqual([
      "message: b",
      "c: d"
    ])
  })

  it("reports an id only when its frame is whole, so that no frame is skipped", () => {
    expect(heard(["id: 7\ndata: ha"])).toEqual([])
    expect(heard(["id: 7\ndata: half\n"])).toEqual([])
  })

  it("takes no id with a zero byte, and no retry that is not a number", () => {
    expect(heard(["id: a\0b\ndata: x\n\n", "retry: soon\n\n", "retry: 1e3\n\n"])).toEqual([
      "message: x"
    ])
  })

  it("ends its lines in any of three ways", () => {
    for (const end of ["\n", "\r", "\r\n"])
      expect(heard([`id: 1${end}data: a${end}data: b${end}${end}`]), JSON.stringify(end)).toEqual([
        "id 1",
        "message: a\nb"
      ])
  })

  it("may begin with a byte order mark, once", () => {
    expect(heard(["\uFEFFdata: a\n\n", "\uFEFFdata: b\n\n"])).toEqual(["message: a"])
    expect(heard(["", "\uFEFF", "data: a\n\n"])).toEqual(["message: a"])
  })

  it("takes a pair of CR and LF as one end, wherever it is torn apart", () => {
    expect(heard(["data: a\r", "\ndata: b\r", "\n\r", "\n"])).toEqual(["message: a\nb"])
    expect(heard(["data: a\r", "", "\n\r\n"])).toEqual(["message: a"])
    expect(heard(["data: a\r", "\r"])).toEqual(["message: a"])
  })

  it("gives the same frames for every split of the text", () => {
    const random = makeRandom(1, "sse")
    for (let round = 0; round < 300; round++) {
      const end = random.pick(["\n", "\r", "\r\n"])
      const lines = Array.from({ length: random.between(1, 40) }, (_, index) => {
        return random.pick([
          `data: ${"x".repeat(random.between(0, 20))}é😀${index}`,
          `data:${index}`,
          `id: ${index}`,
          `event: e${index}`,
          `: comment ${index}`,
          "retry: 2000",
          "data",
          "",
          ""
        ])
      })
      const text = [...lines, "", ""].join(end)
      const pieces: Array<string> = []
      for (let from = 0; from < text.length; ) {
        const to = from + random.between(0, 9)
        pieces.push(text.slice(from, to))
        from = to
      }
      expect(heard(pieces), JSON.stringify({ round, pieces })).toEqual(heard([text]))
    }
  })

  it("of many megabytes in many pieces takes time in proportion to its length", () => {
    const piece = "x".repeat(16 * 1024)
    const millisOf = (pieces: number): number => {
      const told: Array<number> = []
      const { push } = makeParser({ onFrame: ({ data }) => told.push(data.length) })
      const began = performance.now()
      push("data: ")
      for (let count = 0; count < pieces; count++) push(piece)
      push("\n\n")
      const took = performance.now() - began
      expect(told).toEqual([pieces * piece.length])
      return took
    }
    const least = (pieces: number) => Math.min(...Array.from({ length: 9 }, () => millisOf(pieces)))
    millisOf(256)
    // Four times the pieces: a second look at each byte for each piece would take sixteen times as long.
    expect(least(1024) / least(256)).toBeLessThan(10)
  })
})
