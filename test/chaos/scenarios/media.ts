/** Large media lie in the log, and readers begin at its beginning. */
import type { Scenario } from "../Scenario.ts"
import { until } from "../until.ts"

const count = 250
const bytes = 300_000
const heapMegabytes = 259
const readers = 4

export const mediaBehind: Scenario = {
  name: "media-behind",
  seconds: 30,
  setup: { instances: 2, evolution: { pingInterval: 25_000, pingTimeout: 20_000 } },
  isBackfilled: true,
  run: async ({ allListening, evolution, expect, load, names, pause, query, service }) => {
    const [name = ""] = names
    const last = async () => {
      const [row] = await query<{ media: number; last: number }>(`
        select count(*) filter (where data #> '{message,base64}' is not null)::int as media,
          max(id)::int as last from events`)
      return row ?? { media: 0, last: 0 }
    }
    await evolution.media(name, count, bytes, 10)
    await until("the media are in the log", 60_000, async () => (await last()).media === count)
    await load(50)
    service.signal("SIGTERM")
    await service.end()
    await service.start({ nodeArguments: [`--max-old-space-size=${heapMegabytes}`] })
    await allListening()

    const streams = Array.from({ length: readers }, () => service.idsFrom(1))
    await pause(3000, 5000)
    const { last: end } = await last()
    const begin = performance.now()
    const read = await Promise.all(streams.map((stream) => stream.until(end)))
    const seconds = (performance.now() - begin) / 1000
    const right = read.filter(
      (ids) => ids.every((id, nth) => nth === 0 || id > (ids[nth - 1] ?? 0)) && ids[0] === 2
    )
    expect(`${readers} readers, each event in order`, right.length === readers, `${right.length}`)
    const rows = await query<{ count: number }>(
      "select count(*)::int from events where id between 2 and $1",
      [end]
    )
    expect(
      "every reader has every event",
      read.every((ids) => ids.filter((id) => id <= end).length === rows[0]?.count),
      `${rows[0]?.count} each, ${seconds.toFixed(1)} s, ${service.rss().toFixed(0)} MiB`
    )
  }
}
