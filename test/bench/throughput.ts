/** How many events per second a contender takes for good, when there are always more. */
import { cpuMillis } from "./Machine.ts"
import type { FeedOptions } from "./programs/Evolution/Feed.ts"
import { sleep, until } from "./time.ts"
import type { EvolutionProgram } from "./world.ts"

/** A contender that is connected, and hears nothing yet. */
export interface Running {
  /** How many events are done with: stored, or received when it stores none. */
  readonly done: () => Promise<number>
  /** The processes of Postgres that work for it. */
  readonly backends: () => Promise<ReadonlyArray<number>>
  readonly pid: number
  /**
   * How many events may be on their way to it. Who cannot hold the socket back would gather the rest
   * on its heap, and be measured at that.
   */
  readonly window: number
}

export interface Rate {
  readonly eventsPerSecond: number
  /** CPU time for each event, in µs: of the contender's process, and of Postgres' for it. */
  readonly ownMicros: number
  readonly databaseMicros: number
}

export interface Duration {
  readonly warmUp: number
  readonly seconds: number
}

const lookEvery = 15

export const saturate = async (
  evolution: EvolutionProgram,
  running: Running,
  feed: Omit<FeedOptions, "eventsPerSecond">,
  { seconds, warmUp }: Duration
): Promise<Rate> => {
  const before = await running.done()
  const lanes = await evolution.ask("begin", { ...feed, eventsPerSecond: null })
  if (lanes === 0) throw new Error("Nobody is connected")
  const look = async () => {
    const at = performance.now()
    const done = (await running.done()) - before
    await evolution.ask("allow", done + running.window)
    return { at, done }
  }
  const go = async (millis: number) => {
    const end = performance.now() + millis
    let last = await look()
    while (last.at < end) {
      await sleep(lookEvery)
      last = await look()
    }
    return last
  }
  await go(warmUp * 1000)
  const backends = await running.backends()
  const [own, database] = [cpuMillis([running.pid]), cpuMillis(backends)]
  const from = await look()
  const to = await go(seconds * 1000)
  const count = to.done - from.done
  const used = [cpuMillis([running.pid]) - own, cpuMillis(backends) - database]
  const sent = await evolution.ask("stop")
  // What was taken in gets stored: without that, it is no rate of storing.
  await until("what was sent is done with", async () => (await running.done()) - before >= sent, {
    within: 30_000
  })
  return {
    eventsPerSecond: (count * 1000) / (to.at - from.at),
    ownMicros: ((used[0] ?? Number.NaN) * 1000) / count,
    databaseMicros: ((used[1] ?? Number.NaN) * 1000) / count
  }
}
