/** The link is up, answers pings, and brings nothing: of all instances, or of one. */
import type { Scenario } from "../Scenario.ts"
import { sleep, until } from "../until.ts"
import type { World } from "../World.ts"

/** Ids of the messages in the log, and of those that Evolution stores and the log lacks. */
const missing = async ({ evolution, query }: World): Promise<number> => {
  const rows = await query<{ id: string }>(
    "select data #>> '{key,id}' as id from events where event = 'messages.upsert'"
  )
  const logged = new Set(rows.map(({ id }) => id))
  return (await evolution.stored()).filter(({ id }) => !logged.has(id)).length
}

const expectNone = async (world: World) => {
  await world.evolution.endLoad()
  let left = Number.POSITIVE_INFINITY
  await until("everything stored upstream is in the log", 90_000, async () => {
    left = await missing(world)
    return left === 0
  })
  world.expect("all stored upstream = logged", left === 0, `${left} missing`)
}

const ofAll: Scenario = {
  name: "deaf-with-link-up",
  seconds: 190,
  setup: { evolution: { globalEvents: false } },
  isBackfilled: true,
  patience: 90,
  run: async (world) => {
    const { evolution, expect, gaps, load, names, query, statuses } = world
    await load(20)
    const begin = performance.now()
    await until("every instance is told to be deaf", 40_000, async () =>
      (await statuses()).every(({ gaps: { open } }) => open !== null)
    )
    const seconds = (performance.now() - begin) / 1000
    const causes = new Set((await gaps()).map(({ cause }) => cause))
    expect("told, with its cause", causes.has("not_broadcast"), `after ${seconds.toFixed(1)} s`)
    // Within two rounds the log has the messages, although nothing is heard.
    const fetched = await until("messages are fetched meanwhile", 150_000, async () => {
      const [row] = await query<{ count: number }>(
        "select count(distinct instance)::int as count from events where origin = 'backfill'"
      )
      return row?.count === names.length && performance.now() - begin
    })
    expect("fetched while deaf", true, `after ${(fetched / 1000).toFixed(0)} s`)
    await evolution.broadcast(true)
    await until("the gaps close", 10_000, async () =>
      (await statuses()).every(({ gaps: { open } }) => open === null)
    )
    await sleep(1000)
    await expectNone(world)
  }
}

const ofOne: Scenario = {
  name: "deaf-instance",
  seconds: 150,
  isBackfilled: true,
  patience: 90,
  run: async (world) => {
    const { evolution, expect, gaps, load, names, statuses } = world
    const [name = ""] = names
    await load(20)
    await sleep(2000)
    await evolution.deafen(name, true)
    await until("it is told to be deaf", 140_000, async () =>
      (await statuses()).some((one) => one.name === name && one.gaps.open !== null)
    )
    const found = await gaps()
    expect(
      "it alone, with its cause",
      found.every(({ cause, instance }) => instance === name && cause === "not_emitted"),
      found.map(({ cause, instance }) => `${instance} ${cause}`).join(", ")
    )
    await evolution.deafen(name, false)
    await until("its gap closes", 20_000, async () =>
      (await statuses()).every(({ gaps: { open } }) => open === null)
    )
    await expectNone(world)
  }
}

/** Auto mode at an Evolution without global events, which get them at run time. */
const auto: Scenario = {
  name: "auto-mode",
  seconds: 40,
  setup: { mode: "auto", evolution: { globalEvents: false } },
  isBackfilled: true,
  patience: 60,
  run: async (world) => {
    const { evolution, expect, gaps, load, pause, service, statuses } = world
    const listens = async (by: string) => {
      const begin = performance.now()
      await until(`all listen by ${by}`, 40_000, async () => {
        const summary = await service.get<{ evolution: { listensBy: string } }>("/summary")
        const all = await statuses()
        return (
          summary.evolution.listensBy === by &&
          all.every((one) => one.listener.state._tag === "Listening" && one.gaps.open === null)
        )
      })
      return `after ${((performance.now() - begin) / 1000).toFixed(1)} s`
    }
    await load(20)
    expect("goes over to namespaces", true, await listens("namespace"))
    await pause(2000, 4000)
    await evolution.broadcast(true)
    expect("goes back to global events", true, await listens("global"))
    const causes = new Set((await gaps()).map(({ cause }) => cause))
    expect(
      "with a gap for each change",
      causes.has("not_broadcast") && causes.has("mode_changed"),
      [...causes].join(", ")
    )
    await pause(1000, 2000)
    await expectNone(world)
  }
}

export const deaf: ReadonlyArray<Scenario> = [ofAll, ofOne, auto]
