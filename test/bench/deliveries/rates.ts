/** Deliveries per second while there are always more events: each event goes to some receivers. */
import { manyInstances } from "../contenders.ts"
import { type Duration, type Rate, saturate } from "../throughput.ts"
import { inTurn } from "../turns.ts"
import { allArrived, pathOf, range, type Scene } from "./scene.ts"

/** In deliveries, not in events. */
export interface Rates {
  readonly receivers: number
  readonly ours: ReadonlyArray<Rate>
  readonly rivals: ReadonlyArray<Rate>
}

const receivers = 5
/** Events that may be under way: 20 of each instance. */
const window = 20 * manyInstances

const measureOnce = async (scene: Scene, duration: Duration): Promise<Rate> => {
  const { aim, backends, empty, evolution, receiver, service } = scene
  const paths = range(receivers).map(pathOf)
  await aim(range(receivers))
  await empty()
  await receiver.ask("forget")
  const running = {
    done: async () => Math.min(...(await receiver.ask("counts", paths))),
    backends,
    pid: service.pid,
    window
  }
  const rate = await saturate(evolution, running, { instances: manyInstances }, duration)
  await allArrived(receiver, paths, await evolution.ask("sent"))
  return {
    eventsPerSecond: rate.eventsPerSecond * receivers,
    ownMicros: rate.ownMicros / receivers,
    databaseMicros: rate.databaseMicros / receivers
  }
}

export const measureRates = async (
  us: Scene,
  rival: Scene,
  { duration, runs }: { readonly duration: Duration; readonly runs: number }
): Promise<Rates> => {
  const [ours = [], rivals = []] = await inTurn([us, rival], runs, (scene) =>
    measureOnce(scene, duration)
  )
  return { receivers, ours, rivals }
}
