/** The memory of a process in which events wait for a receiver that is away. */
import { manyInstances } from "../contenders.ts"
import type { Memory } from "../Inspector.ts"
import { sleep, until } from "../time.ts"
import type { Scene } from "./scene.ts"

/** What the process takes more than before the events came, in bytes. */
export interface Growth extends Memory {
  /** Events that came meanwhile and wait. */
  readonly events: number
}

export interface WaitingResult {
  readonly ours: Growth
  readonly rivals: Growth
}

/** The first ones fill whatever is bounded. The rival tries each event again and again, so it gets fewer. */
const counts = { ours: { first: 20_000, more: 100_000 }, rivals: { first: 2000, more: 5000 } }
/** Events that may be under way to the process. */
const window = 1000

const send = async ({ evolution, taken }: Scene, count: number): Promise<void> => {
  const before = await taken()
  await evolution.ask("begin", { instances: manyInstances, eventsPerSecond: null })
  const done = async () => (await taken()) - before
  for (let now = 0; now < count; now = await done()) {
    await evolution.ask("allow", Math.min(count, now + window))
    await sleep(15)
  }
  await evolution.ask("stop")
}

const grown = async (
  scene: Scene,
  { first, more }: { readonly first: number; readonly more: number }
): Promise<Growth> => {
  const { aim, memory, receiver, waiting } = scene
  await aim([0])
  await receiver.end()
  await send(scene, first)
  const before = await memory()
  await send(scene, more)
  const all = first + more
  await until("all events wait", async () => (await waiting()) >= all, { every: 200 })
  const after = await memory()
  return {
    events: more,
    resident: after.resident - before.resident,
    heap: after.heap - before.heap
  }
}

export const measureWaiting = async (us: Scene, rival: Scene): Promise<WaitingResult> => ({
  ours: await grown(us, counts.ours),
  rivals: await grown(rival, counts.rivals)
})
