import { describe, expect, it } from "@effect/vitest"
import { makeParser, type Part } from "../../src/Client/Frames.ts"
import { makeParser as makePagesParser } from "../../src/Http/Pages/sse.js"
import { makeRandom } from "../../src/Testing/Random.ts"

const heard = (pieces: ReadonlyArray<string>): ReadonlyArray<Part> => {
  const parse = makeParser()
  return pieces.flatMap(parse)
}

const frame = (data: string, { event = "", id = "" } = {}): Part => ({
  _tag: "Frame",
  event,
  data,
  id
})
const comment: Part = { _tag: "Comment" }

describe("a stream's text", () => {
  it("has frames with names, ids and lines of data", () => {
    expect(
      heard(['retry: 1000\nid: 6\nevent: hello\ndata: {"a":1}\n\n', "id: 7\ndata: a\ndata\n\n"])
    ).toEqual([frame('{"a":1}', { event: "hello", id: "6" }), frame("a\n", { id: "7" })])
  })

  it("keeps the last id for the frames that have none, as the standard demands", () => {
    expect(heard(["id: 7\n\ndata: a\n\n", "id: x\0y\ndata: b\n\n", "id\ndata: c\n\n"])).toEqual([
      frame("a", { id: "7" }),
      frame("b", { id: "7" }),
      frame("c")
    ])
  })

  it("has comments, which end no frame", () => {
    expect(heard([": heartbeat\n", "data: a\n: heartbeat\ndata: b\n\n", ":\n"])).toEqual([
      comment,
      comment,
      frame("a\nb"),
      comment
    ])
  })

  it("gives no frame before its blank line, and none without data", () => {
    expect(heard(["id: 1\ndata: half\n"])).toEqual([])
    expect(heard(["event: a\n\ndata: b\n\n"])).toEqual([frame("b")])
  })

  it("takes a pair of CR and LF as one end of a line, wherever it is torn apart", () => {
    expect(heard(["data: a\r", "\ndata: b\r", "\n\r", "\n"])).toEqual([frame("a\nb")])
    expect(heard(["data: a\r", "", "\n\r\n"])).toEqual([frame("a")])
    expect(heard(["data: a\r", "\r"])).toEqual([frame("a")])
  })

  it("means the same to the pages' reader, for every text and every split of it", () => {
    const random = makeRandom(1, "frames")
    for (let round = 0; round < 300; round++) {
      const end = random.pick(["\n", "\r", "\r\n"])
      const text = Array.from({ length: 40 }, (_, index) =>
        random.pick([
          `data: ${"x".repeat(random.between(0, 20))}é😀${index}`,
          `data:${index}`,
          `id: ${index}`,
          `event: e${index}`,
          `: comment ${index}`,
          "data",
          ""
        ])
      ).join(end)
      const pieces: Array<string> = []
      for (let from = 0; from < text.length; ) {
        const next = from + random.between(1, 9)
        pieces.push(text.slice(from, next))
        from = next
      }
      const told: Array<string> = []
      const { push } = makePagesParser({
        onFrame: ({ data, event }) => told.push(`${event}: ${data}`)
      })
      for (const piece of pieces) push(piece)
      const parts = heard(pieces)
      expect(
        parts.flatMap((part) =>
          part._tag === "Frame" ? [`${part.event || "message"}: ${part.data}`] : []
        )
      ).toEqual(told)
      expect(heard([text])).toEqual(parts)
    }
  })

  it("takes time in proportion to its length, also in small pieces", () => {
    const parse = makeParser()
    const piece = "x".repeat(1000)
    const began = performance.now()
    parse("data: ")
    for (let nth = 0; nth < 20_000; nth++) parse(piece)
    const [part] = parse("\n\n")
    expect(part?._tag === "Frame" && part.data.length).toBe(20_000_000)
    // A parser that looks again at what it had needs minutes.
    expect(performance.now() - began).toBeLessThan(5000)
  })
})
