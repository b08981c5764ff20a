/** The time from Evolution's sending until the request with the event arrives at its receiver. */
import { manyInstances } from "../contenders.ts"
import { type Latency, latencyOf } from "../latency.ts"
import { sleep, until } from "../time.ts"
import { stopped } from "../turns.ts"
import { pathOf, range, type Scene } from "./scene.ts"

export interface LatencyPair {
  readonly ours: Latency
  readonly rivals: Latency
}

const eventsPerSecond = 200
/** Time from the beginning of the feed to the measurement. */
const startMillis = 500
const warmUpSeconds = 4

/** The ages of the messages that came to some receivers meanwhile. Every message has to arrive at every one. */
export const agesUnder = async (
  { evolution, receiver }: Scene,
  receivers: ReadonlyArray<number>,
  perSecond: number,
  seconds: number
): Promise<ReadonlyArray<number>> => {
  const paths = receivers.map(pathOf)
  await receiver.ask("forget")
  await evolution.ask("begin", { instances: manyInstances, eventsPerSecond: perSecond })
  await sleep(startMillis)
  await receiver.ask("ages")
  await sleep(seconds * 1000)
  const ages = await receiver.ask("ages", paths)
  const sent = await evolution.ask("stop")
  await until(
    "every message arrived",
    async () => {
      const counts = await receiver.ask("counts", paths)
      return counts.every((count) => count === sent)
    },
    { within: 30_000 }
  )
  return ages
}

/** One endpoint that takes all messages. */
export const measureLatency = (
  us: Scene,
  rival: Scene,
  { runs, seconds }: { readonly runs: number; readonly seconds: number }
): Promise<ReadonlyArray<LatencyPair>> =>
  stopped([us, rival], async (during) => {
    const under = (scene: Scene, perSecond: number, howLong: number) =>
      during(scene, async () => {
        await scene.aim([0])
        return latencyOf(await agesUnder(scene, range(1), perSecond, howLong))
      })
    // The warm-up lets V8 compile the hot code.
    for (const scene of [us, rival]) await under(scene, 1000, warmUpSeconds)
    const pairs: Array<LatencyPair> = []
    for (let run = 0; run < runs; run++)
      pairs.push({
        ours: await under(us, eventsPerSecond, seconds),
        rivals: await under(rival, eventsPerSecond, seconds)
      })
    return pairs
  })
