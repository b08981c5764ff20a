import { describe, expect, it } from "@effect/vitest"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import * as Audiences from "../../../src/Http/Live/Audiences.ts"
import { filterOf } from "../../../src/Http/Live/Filter.ts"
import { Reader } from "../../../src/Http/Live/Reader.ts"
import { logged, range } from "../../Log/EventBus/MemoryLog.ts"

const everybody = { id: null, name: "test", scope: "read", instances: null } as const

/** One who has come, and follows. */
const following = async (audiences: Audiences.Audiences, cursor: number, instance?: string) => {
  const wanted = instance === undefined ? {} : { instance: InstanceName.make(instance) }
  const reader = new Reader(filterOf(wanted, everybody), cursor, {
    told: 0,
    onCome: () => {},
    onReturn: () => {},
    onGone: () => {}
  })
  let text = ""
  reader.on("data", (piece: Buffer) => {
    text += piece.toString()
  })
  audiences.enter(reader)
  await new Promise((resolve) => setImmediate(resolve))
  reader.phase = "following"
  return { reader, ids: () => [...text.matchAll(/^id: (\d+)/gm)].map(([, id]) => Number(id)) }
}

const events = (from: number, to: number) => range(from, to).map((id) => logged(id))

describe("an audience", () => {
  it("has nothing to be given of what nobody in it wants", async () => {
    const audiences = Audiences.make()
    expect(audiences.sort(events(1, 2))).toBe(false)
    const { ids, reader } = await following(audiences, 0, "another")
    expect(audiences.sort(events(3, 4))).toBe(false)
    expect(audiences.serve(4)).toBe(0)
    // It has come as far all the same.
    expect([ids(), audiences.cursorOf(reader, 4)]).toEqual([[], 4])
  })

  it("is given what waits for it once, and who came meanwhile only the rest", async () => {
    const audiences = Audiences.make()
    const first = await following(audiences, 0, "shop")
    expect(audiences.sort(events(1, 3))).toBe(true)
    const second = await following(audiences, 3, "shop")
    const third = await following(audiences, 3)
    audiences.sort(events(4, 5))
    expect(audiences.cursorOf(first.reader, 5)).toBe(0)
    expect(audiences.serve(5)).toBe(3)
    expect(audiences.serve(5)).toBe(0)
    expect([first.ids(), second.ids(), third.ids()]).toEqual([
      [1, 2, 3, 4, 5],
      [4, 5],
      [4, 5]
    ])
    expect(audiences.cursorOf(second.reader, 9)).toBe(9)
  })

  it("is no more when its last reader has left", async () => {
    const audiences = Audiences.make()
    const { ids, reader } = await following(audiences, 0, "shop")
    audiences.sort(events(1, 2))
    expect([audiences.leave(reader), audiences.leave(reader)]).toEqual([true, false])
    expect(audiences.serve(2)).toBe(0)
    expect(audiences.sort(events(3, 4))).toBe(false)
    expect([ids(), [...audiences.readers()]]).toEqual([[], []])
  })
})
