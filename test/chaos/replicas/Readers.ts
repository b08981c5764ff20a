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
