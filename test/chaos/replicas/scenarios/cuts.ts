/** The owner loses its way to Postgres alone, or to Evolution alone. */
import type { Replica } from "../Replica.ts"
import type { Scenario } from "../Scenario.ts"

/** Nothing comes through and nothing ends, as with a cable that is pulled. */
const withoutPostgres: Scenario = {
  name: "owner-without-postgres",
  seconds: 45,
  isBackfilled: true,
  ears: true,
  within: 10,
  isUnready: true,
  run: async ({ expect, harm, load, moved, owner, pause }) => {
    await load(500)
    await pause(2000, 4000)
    const first = await owner()
    await harm(first, first.postgres.blackHole)
    await moved(first)
    await pause(3000, 5000)
    // What was held back arrives now: statements of an epoch that is over.
    first.postgres.pass()
    await pause(6000, 8000)
    const told = /Another replica owns the server: epoch \d+ is over/.test(first.service.output())
    expect("the old owner says that it is fenced", told)
  }
}

/** Longer than an owner waits for its link (30 s) before it gives the server away. */
const withoutEvolution: Scenario = {
  name: "owner-without-evolution",
  seconds: 75,
  isBackfilled: true,
  within: 40,
  run: async ({ harm, load, moved, owner, pause }) => {
    await load(100)
    await pause(2000, 3000)
    const first = await owner()
    await harm(first, () => {
      first.link("default").refuse()
      first.link("default").reset()
    })
    await moved(first, 50_000)
    await pause(2000, 3000)
    first.link("default").pass()
    await pause(2000, 3000)
  }
}

/** The other server's events flow as if nothing were. */
const oneServerDown: Scenario = {
  name: "one-server-down",
  seconds: 40,
  setup: { servers: ["default", "eu"], instances: 3 },
  isBackfilled: true,
  run: async ({ evolution, expect, gaps, load, pause, query }) => {
    await load(200)
    await pause(2000, 3000)
    await evolution("eu").stop()
    await pause(8000, 10_000)
    await evolution("eu").start()
    await pause(3000, 5000)
    const touched = new Set((await gaps()).map(({ instance }) => instance.split("/")[0]))
    expect("only its own instances have gaps", [...touched].join() === "eu", [...touched].join())
    const [row] = await query<{ count: number }>(
      "select count(*)::int from events where server = 'default' and origin = 'backfill'"
    )
    expect("nothing of the other server was fetched", row?.count === 0, `${row?.count} fetched`)
  }
}

/** A standby with a slow way to Evolution hears later what the owner has committed already. */
const standbyLags: Scenario = {
  name: "standby-lags",
  seconds: 50,
  // A ping and its answer take 3 s.
  setup: { evolution: { pingInterval: 5000, pingTimeout: 10_000 } },
  isBackfilled: true,
  ears: true,
  within: 8,
  run: async ({ harm, load, moved, owner, pause, replicas }) => {
    const slow = (fast: Replica) => {
      for (const replica of replicas)
        if (replica === fast) replica.link("default").pass()
        else replica.link("default").latency(lagMillis)
    }
    const first = await owner()
    slow(first)
    await load(500)
    await pause(4000, 6000)
    await harm(first, first.kill)
    const second = await moved(first)
    await pause(4000, 6000)
    slow(second)
    await pause(4000, 6000)
    await second.stop()
    await moved(second)
    await pause(3000, 4000)
    for (const replica of replicas) replica.link("default").pass()
  }
}

const lagMillis = 1500

export const cuts: ReadonlyArray<Scenario> = [
  withoutPostgres,
  withoutEvolution,
  oneServerDown,
  standbyLags
]
