/** Evolution answers slowly, in another form, and with more than may be fetched. */
import type { Scenario } from "../Scenario.ts"
import { until } from "../until.ts"

/** Messages are emitted under the phone's address and stored under the hidden one. */
const slowAndHidden: Scenario = {
  name: "slow-hidden",
  seconds: 45,
  setup: { instances: 1, evolution: { findMillis: 12_000, storesHidden: true } },
  isBackfilled: true,
  patience: 120,
  run: async ({ cut, evolution, expect, gaps, load, pause, query }) => {
    await load(20, 8)
    await pause(2000, 4000)
    await cut(async () => {
      await evolution.stop()
      await pause(3000, 5000)
    })
    await evolution.start()
    await until("the gap has a verdict", 90_000, async () =>
      (await gaps()).every(({ recovered }) => recovered === true)
    )
    const [row] = await query<{ elsewhere: number; fetched: number }>(`
      select count(*) filter (where origin = 'backfill')::int as fetched,
        count(*) filter (where data #>> '{key,remoteJid}' not like '%@s.whatsapp.net')::int as elsewhere
      from events where event = 'messages.upsert'`)
    expect("all are in the chats of the live ones", row?.elsewhere === 0, JSON.stringify(row))
  }
}

const limit = 60

const limitRaised: Scenario = {
  name: "limit-raised",
  seconds: 25,
  isFast: true,
  setup: { instances: 2, variables: { BACKFILL_LIMIT: String(limit) } },
  isBackfilled: true,
  run: async ({ cut, evolution, expect, gaps, load, pause, service }) => {
    await load(100)
    await pause(500, 1500)
    await cut(async () => {
      await evolution.stop()
      await pause(3000, 5000)
    })
    await evolution.start()
    await pause(1000, 2000)
    await evolution.endLoad()
    const found = await until("every gap exceeds the limit", 30_000, async () => {
      const now = await gaps()
      return now.length > 0 && now.every(({ reason }) => reason === "limit") && now
    })
    expect(
      "as many are fetched as the limit allows",
      found.every(({ fetched }) => fetched === limit),
      found.map(({ fetched }) => fetched).join(", ")
    )
    service.signal("SIGTERM")
    await service.end()
    await service.start({ variables: { BACKFILL_LIMIT: "10000" } })
  }
}

export const slow: ReadonlyArray<Scenario> = [slowAndHidden, limitRaised]
