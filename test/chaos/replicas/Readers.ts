/** Readers of the whole log, all along: by one cursor in SQL, and by the stream of one replica after the other. */
import type { Random } from "../../../src/Testing/Random.ts"
import { apiKey } from "../Service.ts"
import { sleep } from "../until.ts"

export interface Reader {
  /** Ids in the order in which they were read. */
  readonly ids: ReadonlyArray<number>
  readonly stop: () => Promise<void>
}

export interface RoamingReader extends Reader {
  /** Number of connections that brought an event, by the address of the replica. */
  readonly visits: ReadonlyMap<string, number>
}

const everyMillis = 100

/** A row that becomes visible behind the cursor is missed by this reader, as it would be by any other. */
export const followCursor = (
  page: (after: number) => Promise<ReadonlyArray<{ readonly id: number }>>
): Reader => {
  const ids: Array<number> = []
  let isOver = false
  const follow = async () => {
    while (!isOver) {
      // Postgres may be away in the scenario; the end compares what was read with the log.
      const rows = await page(ids.at(-1) ?? 0).catch(() => [])
      for (const { id } of rows) ids.push(id)
      await sleep(everyMillis)
    }
  }
  const following = follow()
  return {
    ids,
    stop: () => {
      isOver = true
      return following
    }
  }
}

/** Stays with a replica for a random time, is cut, and goes to a random other with its `Last-Event-ID`. */
export const roam = (urls: () => ReadonlyArray<string>, random: Random): RoamingReader => {
  const ids: Array<number> = []
  const visits = new Map<string, number>()
  let isOver = false

  const visit = async (url: string, signal: AbortSignal) => {
    const response = await fetch(`${url}/events/stream?notes=false`, {
      headers: { apikey: apiKey, "last-event-id": String(ids.at(-1) ?? 0) },
      signal
    })
    if (!response.ok) return
    let rest = ""
    let isNew = true
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const frames = `${rest}${part}`.split("\n\n")
      // A frame that was cut is read again.
      rest = frames.pop() ?? ""
      for (const frame of frames) {
        const [, id] = /^id: (\d+)/m.exec(frame) ?? []
        if (id === undefined) continue
        ids.push(Number(id))
        if (isNew) visits.set(url, (visits.get(url) ?? 0) + 1)
        isNew = false
      }
    }
  }
  const follow = async () => {
    while (!isOver) {
      const open = urls()
      const millis = random.between(200, 2500)
      const url = open[random.between(0, open.length - 1)]
      if (url !== undefined) {
        // Every visit ends with a failure: ours, or that of a replica that ends.
        await visit(url, AbortSignal.timeout(millis)).catch(() => undefined)
      }
      await sleep(50)
    }
  }
  const following = follow()
  return {
    ids,
    visits,
    stop: () => {
      isOver = true
      return following
    }
  }
}

/** Asks all replicas that are up whether they are ready; gives the times at which one was not. */
export const watchReadiness = (
  up: () => ReadonlyArray<{ readonly name: string; readonly url: string }>,
  isUp: (name: string) => boolean
) => {
  const unready: Array<string> = []
  let [looks, isOver] = [0, false]
  const look = async ({ name, url }: { readonly name: string; readonly url: string }) => {
    const at = new Date().toISOString()
    const status = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5000) }).then(
      (response) => response.status,
      (error) => String(error)
    )
    looks++
    // It may have been stopped meanwhile.
    if (status !== 200 && isUp(name)) unready.push(`${name} at ${at}: ${status}`)
  }
  const watch = async () => {
    while (!isOver) {
      await Promise.all(up().map(look))
      await sleep(readyEveryMillis)
    }
  }
  const watching = watch()
  return {
    unready,
    looks: () => looks,
    stop: () => {
      isOver = true
      return watching
    }
  }
}

const readyEveryMillis = 500
