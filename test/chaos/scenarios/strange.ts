/** Unexpected data arrives: bytes that are no packets, floods, repetitions, and events that Postgres refuses. */

import type { Scenario } from "../Scenario.ts"
import { until } from "../until.ts"

const garbage: Scenario = {
  name: "garbage",
  seconds: 30,
  isFast: true,
  isBackfilled: true,
  run: async ({ allListening, evolution, expect, gaps, load, pause, proxy }) => {
    await load(50)
    for (const kind of ["text", "event", "bytes", "oversized"] as const) {
      await pause(300, 800)
      const { dials } = proxy.counts()
      await evolution.garble(kind)
      await until(`${kind} ends the link`, 20_000, async () => proxy.counts().dials > dials)
      await allListening()
    }
    const causes = new Set((await gaps()).map(({ cause }) => cause))
    expect("protocol_violation", causes.has("protocol_violation"), [...causes].join(", "))
  }
}

const history: Scenario = {
  name: "history-20mb",
  seconds: 14,
  // A ping waits behind earlier data, so the heartbeat has Evolution's own times.
  setup: { evolution: { pingInterval: 25_000, pingTimeout: 20_000 } },
  isLossless: true,
  run: async ({ evolution, expect, load, names, pause, query, random }) => {
    await load(50)
    await pause(500, 1500)
    const name = names[random.between(0, names.length - 1)] ?? ""
    const count = await evolution.history(name, 20)
    const begin = performance.now()
    await until("the history is in the log", 30_000, async () => {
      const [row] = await query<{ length: number }>(
        "select jsonb_array_length(data) as length from events where event = 'messages.set'"
      )
      return row?.length === count
    })
    const seconds = (performance.now() - begin) / 1000
    expect(`${count} messages in one event`, true, `after ${seconds.toFixed(1)} s`)
  }
}

const storm: Scenario = {
  name: "storm-2000",
  seconds: 18,
  isLossless: true,
  run: async ({ evolution, expect, load, names, pause, query, sampler }) => {
    const [instance = ""] = names
    await load(50)
    const before = sampler.samples.length
    await evolution.repeat(
      {
        instance,
        event: "connection.update",
        data: { instance, state: "connecting", statusReason: 200 }
      },
      2000,
      10
    )
    await pause(10_500, 11_000)
    // Another state ends the repeats, and so has them told at once.
    await evolution.emit(instance, "connection.update", { instance, state: "open" })
    const count = await until("all of it is in the log", 30_000, async () => {
      const [row] = await query<{ count: number }>(
        `select count(*) filter (where event = 'connection.update' and data->>'state' = 'connecting')::int
           + coalesce(sum((data->>'count')::int) filter (where event = 'connection.repeated'), 0)::int
           as count
         from events where origin in ('live', 'listener') and instance = $1`,
        [instance]
      )
      return row !== undefined && row.count >= 2000 && row.count
    })
    const slowest = Math.max(...sampler.samples.slice(before).map(({ millis }) => millis))
    expect("states in the log, logged or counted", count === 2000, String(count))
    expect("slowest status", slowest < 1000, `${slowest} ms`)
  }
}

const poisonRow: Scenario = {
  name: "poison-row",
  seconds: 12,
  isFast: true,
  run: async ({ evolution, expect, load, names, pause, query }) => {
    // Postgres takes every value that the service lets through, so a constraint forbids one.
    await query("alter table events add constraint poison check (not data ? 'poison')")
    await load(100)
    const [instance = ""] = names
    const send = (id: string, more: object) =>
      evolution.emit(instance, "messages.upsert", {
        key: { id, remoteJid: "5511988887777@s.whatsapp.net", fromMe: false },
        messageTimestamp: Math.floor(Date.now() / 1000),
        ...more
      })
    let deep: object = {}
    for (let level = 0; level < 1000; level++) deep = { deep }
    const poisons: ReadonlyArray<readonly [string, object]> = [
      ["NUL", { message: { conversation: "a\u0000b" } }],
      ["LONE", { message: { conversation: "a\ud800b" }, "\udc00": "\ude00\ud83d" }],
      ["REFUSED", { poison: true }],
      ["DEEP", { deep }]
    ]
    for (const [id, more] of poisons) {
      await pause(100, 500)
      await send(id, more)
    }
    const rows = await until("the poison is put away", 20_000, async () => {
      const found = await query<{ id: string; text: string }>(
        "select data #>> '{key,id}' as id, data::text as text from events where data #>> '{key,id}' in ('NUL', 'LONE')"
      )
      const [aside] = await query<{ count: number }>("select count(*)::int from quarantine")
      return found.length === 2 && aside?.count === 2 && found
    })
    expect(
      "what cannot be stored is replaced",
      rows.every(({ text }) => text.includes("\ufffd"))
    )
    const reasons = await query<{ reason: string }>("select reason from quarantine order by id")
    expect(
      "the rest is in quarantine, with its reason",
      reasons.some(({ reason }) => reason.includes("poison")),
      reasons.map(({ reason }) => reason).join(" / ")
    )
  }
}

export const strange: ReadonlyArray<Scenario> = [garbage, history, storm, poisonRow]
