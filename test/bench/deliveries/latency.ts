/** The time from Evolution's sending until the request with the event arrives at its receiver. */
import { manyInstances } from "../contenders.ts"
import { type Latency, latencyOf } from "../latency.ts"
import { sleep } from "../time.ts"
import { stopped } from "../turns.ts"
import { allArrived, pathOf, range, type Scene } from "./scene.ts"

export interface LatencyPair {
  readonly ours: Latency
  readonly rivals: Latency
}

interface Load {
  readonly eventsPerSecond: number
  /** Time from the beginning of the feed to the measurement. */
  readonly startMillis?: number
  readonly seconds: number
}

const eventsPerSecond = 200
const warmUp: Load = { eventsPerSecond: 1000, seconds: 4 }

/** The ages of the messages that came to some receivers meanwhile. */
export const agesUnder = async (
  { evolution, receiver }: Scene,
  receivers: ReadonlyArray<number>,
  { eventsPerSecond, seconds, startMillis = 500 }: Load
): Promise<ReadonlyArray<number>> => {
  const paths = receivers.map(pathOf)
  await receiver.ask("forget")
  await evolution.ask("begin", { instances: manyInstances, eventsPerSecond })
  await sleep(startMillis)
  await receiver.ask("ages")
  await sleep(seconds * 1000)
  const ages = await receiver.ask("ages", paths)
  await allArrived(receiver, paths, await evolution.ask("stop"))
  return ages
}

/** One endpoint that takes all messages. */
export const measureLatency = (
  us: Scene,
  rival: Scene,
  { runs, seconds }: { readonly runs: number; readonly seconds: number }
): Promise<ReadonlyArray<LatencyPair>> =>
  stopped([us, rival], async (during) => {
    const under = (scene: Scene, load: Load) =>
      during(scene, async () => {
        await scene.aim([0])
        return latencyOf(await agesUnder(scene, range(1), load))
      })
    // The warm-up lets V8 compile the hot code.
    for (const scene of [us, rival]) await under(scene, warmUp)
    const pairs: Array<LatencyPair> = []
    for (let run = 0; run < runs; run++)
      pairs.push({
        ours: await under(us, { eventsPerSecond, seconds }),
        rivals: await under(rival, { eventsPerSecond, seconds })
      })
    return pairs
  })
