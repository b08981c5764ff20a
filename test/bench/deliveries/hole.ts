/** The latency of 99 endpoints beside one more that is healthy, and beside one that takes requests and never answers. */
import { type Latency, latencyOf } from "../latency.ts"
import { stopped } from "../turns.ts"
import { agesUnder } from "./latency.ts"
import { pathOf, range, type Scene } from "./scene.ts"

export interface HolePair {
  readonly healthy: Latency
  readonly holed: Latency
}

export interface HoleResult {
  readonly endpoints: number
  readonly ours: ReadonlyArray<HolePair>
  readonly rivals: ReadonlyArray<HolePair>
}

const endpoints = 100
/** The receivers that are measured, the last healthy one, and the one that never answers. */
const [measured, healthy, hole] = [range(endpoints - 1), endpoints - 1, endpoints]
export const receivers = endpoints + 1

/** Each event goes to every endpoint. Before the measurement, those that are not answered take up all attempts. */
const load = { eventsPerSecond: 6, startMillis: 3000, seconds: 4 }

const withHealthy = async (scene: Scene): Promise<Latency> => {
  await scene.aim([...measured, healthy])
  return latencyOf(await agesUnder(scene, measured, load))
}

const withHole = async (scene: Scene): Promise<Latency> => {
  const { aim, receiver } = scene
  await receiver.ask("silence", [pathOf(hole)])
  await aim([...measured, hole])
  const found = latencyOf(await agesUnder(scene, measured, load))
  await aim(measured)
  await receiver.ask("release")
  return found
}

/** The order changes from pair to pair, so that neither always comes first. */
const pairOf = async (scene: Scene, turn: number): Promise<HolePair> => {
  if (turn % 2 === 0) {
    const healthy = await withHealthy(scene)
    return { healthy, holed: await withHole(scene) }
  }
  const holed = await withHole(scene)
  return { healthy: await withHealthy(scene), holed }
}

/** The rival has half as many pairs. */
export const measureHole = (
  us: Scene,
  rival: Scene,
  { pairs }: { readonly pairs: number }
): Promise<HoleResult> =>
  stopped([us, rival], async (during) => {
    const pair = (scene: Scene, turn: number) => during(scene, () => pairOf(scene, turn))
    const [ours, rivals]: [Array<HolePair>, Array<HolePair>] = [[], []]
    // The warm-up lets V8 compile the hot code.
    for (const scene of [us, rival]) await pair(scene, 0)
    for (let turn = 0; turn < pairs; turn++) {
      ours.push(await pair(us, turn))
      if (turn % 2 === 0) rivals.push(await pair(rival, turn / 2))
    }
    return { endpoints, ours, rivals }
  })
