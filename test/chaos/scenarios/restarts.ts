/** Five hundred listeners, and Evolution restarts under them. */
import type { Scenario, Setup } from "../Scenario.ts"
import { sleep } from "../until.ts"
import type { World } from "../World.ts"

const awayMillis = 15_000
const maxDials = 16

const restart = async (world: World): Promise<{ readonly dials: number }> => {
  const { allListening, cut, evolution, expect, load, pause, proxy } = world
  await load(100)
  await pause(1000, 2000)
  const before = proxy.counts().dials
  await cut(async () => {
    await evolution.stop()
    await sleep(awayMillis)
  })
  const dials = proxy.counts().dials - before
  await evolution.start()
  const seconds = await allListening(90_000)
  expect("all are Listening", true, `after ${seconds.toFixed(1)} s`)
  return { dials }
}

const setup: Setup = {
  instances: 500,
  evolution: { pingInterval: 10_000, pingTimeout: 8_000 }
}

const global: Scenario = {
  name: "restart-500-global",
  seconds: 180,
  setup,
  isBackfilled: true,
  patience: 200,
  run: async (world) => {
    const { dials } = await restart(world)
    world.expect("dials while away, of one loop", dials > 0 && dials <= 12, String(dials))
  }
}

const namespace: Scenario = {
  name: "restart-500-namespace",
  seconds: 190,
  setup: { ...setup, mode: "namespace" },
  isBackfilled: true,
  patience: 200,
  run: async (world) => {
    world.proxy.counts()
    const { dials } = await restart(world)
    const { maxDialing } = world.proxy.counts()
    world.expect(
      `dials at once, ${maxDials} at most`,
      maxDialing > 0 && maxDialing <= maxDials,
      `${maxDialing}, ${dials} while away`
    )
  }
}

export const restarts: ReadonlyArray<Scenario> = [global, namespace]
