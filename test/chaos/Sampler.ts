/** Samples the service's statuses all the time, to compare them with the facts afterwards. */
import type { Service, Status } from "./Service.ts"
import { restAfter, sleep } from "./until.ts"

export interface Sample {
  /** Time of the question, on the suite's clock. */
  readonly at: number
  /** Duration of the answer. */
  readonly millis: number
  readonly listening: ReadonlySet<string>
  readonly parked: number
  readonly degraded: string | null
}

export interface Sampler {
  readonly samples: ReadonlyArray<Sample>
  readonly stop: () => Promise<void>
}

const everyMillis = 250

export const startSampler = (service: Service): Sampler => {
  const samples: Array<Sample> = []
  let isOver = false

  const look = async (): Promise<void> => {
    const at = Date.now()
    // A service that is down on purpose gives no answer, and claims nothing.
    const statuses = await service.get<ReadonlyArray<Status>>("/instances").catch(() => undefined)
    if (statuses === undefined) return
    samples.push({
      at,
      millis: Date.now() - at,
      listening: new Set(
        statuses
          .filter(({ listener }) => listener.state._tag === "Listening")
          .map(({ name }) => name)
      ),
      parked: statuses.filter(({ listener }) => listener.state._tag === "Parked").length,
      degraded: statuses[0]?.degraded?.reason ?? null
    })
  }

  const watch = async (): Promise<void> => {
    while (!isOver) {
      const asked = performance.now()
      await look()
      await sleep(Math.max(everyMillis, restAfter(performance.now() - asked)))
    }
  }
  const watching = watch()

  return {
    samples,
    stop: () => {
      isOver = true
      return watching
    }
  }
}
