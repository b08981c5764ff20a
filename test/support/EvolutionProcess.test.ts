import { afterEach, describe, expect, it } from "@effect/vitest"
import { type EvolutionProcess, startEvolution } from "./EvolutionProcess.ts"

let evolution: EvolutionProcess
afterEach(() => evolution.kill())

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

describe("Evolution as a process", { timeout: 20_000 }, () => {
  it("sends messages at a pace, each of its own, and remembers them", async () => {
    evolution = await startEvolution()
    const instances = ["shop-1", "shop-2"]
    await evolution.add(instances)
    await evolution.load({ instances, eventsPerSecond: 200, seconds: 0.5, seed: 1 })
    await sleep(700)
    const [last] = await evolution.message(["shop-1"])
    const sent = await evolution.sent()
    expect(sent.length).toBeGreaterThan(50)
    expect(sent.length).toBeLessThan(110)
    expect(new Set(sent.map(({ id }) => id)).size).toBe(sent.length)
    expect(sent.at(-1)?.id).toBe(last)
    for (const name of instances) {
      const seqs = sent.filter(({ instance }) => instance === name).map(({ seq }) => seq)
      expect(seqs).toEqual(seqs.map((_, index) => index + 1))
    }
  })

  it("stands still when it is stopped, and sends nothing of that time afterwards", async () => {
    evolution = await startEvolution()
    await evolution.add(["shop"])
    await evolution.load({ instances: ["shop"], eventsPerSecond: 100, seed: 1 })
    await sleep(300)
    evolution.signal("SIGSTOP")
    await sleep(1500)
    evolution.signal("SIGCONT")
    await evolution.endLoad()
    expect((await evolution.sent()).length).toBeLessThan(120)
  })

  it("reports errors, and its exit", async () => {
    evolution = await startEvolution()
    await expect(evolution.message(["nobody"])).rejects.toThrow('no instance "nobody"')
    evolution.signal("SIGSTOP")
    const asked = evolution.stop()
    evolution.signal("SIGKILL")
    await expect(asked).rejects.toThrow("ended")
  })
})
