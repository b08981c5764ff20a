/** Modes in which a standby hears nothing, so that a move is a gap, and its messages are fetched. */
import type { Scenario } from "../Scenario.ts"
import type { World } from "../World.ts"

const moves = async ({ expect, harm, load, moved, owner, pause, settled }: World) => {
  await load(100)
  await pause(2000, 3000)
  const first = await owner()
  await harm(first, first.kill)
  const second = await moved(first)
  await first.start()
  await settled()
  await pause(2000, 3000)
  const third = await owner()
  const { code } = await third.stop()
  expect("SIGTERM", code === 0, `exit ${code}, after ${second.name}`)
  await moved(third)
  await pause(3000, 4000)
}

const namespaces: Scenario = {
  name: "by-namespaces",
  seconds: 50,
  setup: { variables: { EVOLUTION_MODE: "namespace" } },
  isBackfilled: true,
  within: 8,
  run: moves
}

/** The link of a standby is up and brings nothing; an owner begins as the one before it ended. */
const auto: Scenario = {
  name: "auto-without-global-events",
  seconds: 150,
  setup: { variables: { EVOLUTION_MODE: "auto" }, evolution: { globalEvents: false } },
  isBackfilled: true,
  patience: 90,
  within: 8,
  run: moves
}

export const modes: ReadonlyArray<Scenario> = [namespaces, auto]
