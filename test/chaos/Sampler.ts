/** What the service says of itself, looked at all the time, to be held against what was so. */
import type { Service, Status } from "./Service.ts"
import { restAfter, sleep } from "./until.ts"

export interface Sample {
  /** When the question was asked, on the suite's clock. */
  readonly at: number
  /** How long the answer took. */
  readonly millis: number
  readonly listening: ReadonlySet<string>
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
    // While the service is meant to be away there is no answer, and nothing is claimed.
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
