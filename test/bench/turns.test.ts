import { describe, expect, it } from "@effect/vitest"
import { rate } from "./doubles.ts"
import { type Attempt, type Contender, inTurn, takeTurns } from "./turns.ts"

const duration = { warmUp: 0, seconds: 1 }

const scene = () => {
  const story: Array<string> = []
  const failures: Array<string> = []
  const attempt: Attempt = async (what, act) => {
    try {
      return await act()
    } catch (error) {
      failures.push(`${what}: ${error instanceof Error ? error.message : error}`)
      return undefined
    }
  }
  let count = 0
  const contender = (name: string, measure = async () => rate(++count)): Contender => ({
    name,
    what: "",
    open: async (use) => {
      const found = await use({
        signal: (signal) => void story.push(`${name} ${signal === "SIGCONT" ? "on" : "off"}`),
        measure: () => {
          story.push(name)
          return measure()
        }
      })
      story.push(`${name} closed`)
      return found
    }
  })
  return { attempt, contender, failures, story }
}

describe("turns", () => {
  it("rotate, and suspend the contenders without a turn", async () => {
    const { attempt, contender, story } = scene()
    const rates = await takeTurns({ a: contender("A"), b: contender("B") }, 2, duration, attempt)
    expect(story.join(", ")).toBe(
      "A off, B off, A on, A, A off, B on, B, B off, A on, A, A off, B on, B, B off, A closed, B closed"
    )
    expect([...rates]).toEqual([
      ["a", [rate(1), rate(3)]],
      ["b", [rate(2), rate(4)]]
    ])
  })

  it("leave out a contender that cannot be opened", async () => {
    const { attempt, contender, failures } = scene()
    const absent: Contender = {
      name: "B",
      what: "",
      open: () => Promise.reject(new Error("no room"))
    }
    const rates = await takeTurns(
      { a: contender("A"), b: absent, c: contender("C") },
      1,
      duration,
      attempt
    )
    expect([...rates.keys()]).toEqual(["a", "c"])
    expect(failures).toEqual(["B, from its opening to its end: no room"])
  })

  it("tell of a run that fails, and go on", async () => {
    const { attempt, contender, failures, story } = scene()
    let runs = 0
    const shaky = contender("B", async () => {
      if (++runs === 1) throw new Error("cut")
      return rate(7)
    })
    const rates = await takeTurns({ a: contender("A"), b: shaky }, 2, duration, attempt)
    expect(rates.get("a")).toHaveLength(2)
    expect(rates.get("b")).toEqual([rate(7)])
    expect(failures).toEqual(["B, run 1 of 2: cut"])
    expect(story.slice(-2)).toEqual(["A closed", "B closed"])
  })

  it("measure scenes one after the other while the other services stand still", async () => {
    const story: Array<string> = []
    const standing = (name: string) => ({
      name,
      service: { signal: (signal: NodeJS.Signals) => void story.push(`${name} ${signal}`) }
    })
    const found = await inTurn([standing("A"), standing("B")], 2, async ({ name }) => {
      story.push(name)
      return story.length
    })
    const turn = (name: string) => [`${name} SIGCONT`, name, `${name} SIGSTOP`]
    const turns = [...turn("A"), ...turn("B")]
    expect(story).toEqual([
      ...["A SIGSTOP", "B SIGSTOP", ...turns, ...turns],
      ...["A SIGCONT", "B SIGCONT"]
    ])
    expect(found).toEqual([
      [4, 10],
      [7, 13]
    ])
  })
})
