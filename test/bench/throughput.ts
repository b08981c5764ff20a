/** The rate that a contender sustains while there are always more events. */
import { cpuMillis } from "./Machine.ts"
import type { FeedOptions } from "./programs/Evolution/Feed.ts"
import { sleep, until } from "./time.ts"
import type { EvolutionProgram } from "./world.ts"

/** A contender that is connected and idle. */
export interface Running {
  /** Number of events that are stored, or received if the contender stores none. */
  readonly done: () => Promise<number>
  /** Pids of the Postgres processes that serve it. */
  readonly backends: () => Promise<ReadonlyArray<number>>
  readonly pid: number
  /**
   * Events that may be under way to it. A contender that cannot hold the socket back would queue the rest
   * on its heap, and the queueing would be measured.
   */
  readonly window: number
}

export interface Rate {
  readonly eventsPerSecond: number
  /** CPU time for each event, in µs: of the contender's process, and of the Postgres processes. */
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
  // Wait until all is stored; otherwise the figure is no rate of storing.
  await until("what was sent is done with", async () => (await running.done()) - before >= sent, {
    within: 30_000
  })
  return {
    eventsPerSecond: (count * 1000) / (to.at - from.at),
    ownMicros: ((used[0] ?? Number.NaN) * 1000) / count,
    databaseMicros: ((used[1] ?? Number.NaN) * 1000) / count
  }
}
