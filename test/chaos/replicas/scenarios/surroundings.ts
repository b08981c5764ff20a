/** Postgres restarts, clocks differ, and a pooler stands before Postgres. */
import { sleep } from "../../until.ts"
import { hasPooler } from "../Pooler.ts"
import type { Scenario } from "../Scenario.ts"

/** Nobody can take the server meanwhile, and nobody has to: the owner goes on with what it has buffered. */
const postgresRestarts: Scenario = {
  name: "postgres-restarts",
  seconds: 45,
  setup: { ownPostgres: true },
  isLossless: true,
  isUnready: true,
  run: async ({ expect, load, owner, pause, postgres }) => {
    await load(500)
    const first = await owner()
    for (const mode of ["fast", "immediate"] as const) {
      await pause(1500, 3000)
      await postgres.restart(mode)
    }
    await pause(1500, 3000)
    await postgres.stop("immediate")
    await sleep(10_000)
    await postgres.start()
    await pause(3000, 4000)
    const now = await owner()
    expect("the owner stays", now === first, `${first.name}, ${now.name}`)
  }
}

const hour = 3_600_000

/** Only differences of one clock count, so an hour between replicas changes nothing. */
const clocksApart: Scenario = {
  name: "clocks-apart",
  seconds: 50,
  setup: { aheadMillis: [hour, 0, -hour] },
  isBackfilled: true,
  ears: true,
  within: 8,
  run: async ({ harm, load, moved, owner, pause }) => {
    await load(300)
    for (let time = 0; time < 2; time++) {
      await pause(2000, 3000)
      const first = await owner()
      await harm(first, first.kill)
      await moved(first)
      await pause(1000, 2000)
      await first.start()
    }
    await pause(2000, 3000)
  }
}

/** Nobody hears for a while, and the replica that listens next has another clock: the gap is where it was. */
const clocksApartGap: Scenario = {
  name: "clocks-apart-gap",
  seconds: 60,
  setup: { aheadMillis: [hour, 0, -hour] },
  isBackfilled: true,
  run: async ({ harm, load, pause, query, replicas, settled }) => {
    await load(100)
    for (const nth of [1, 2, 0, 1]) {
      const next = replicas[nth]
      await pause(6000, 7000)
      for (const replica of replicas) if (replica.isUp()) await harm(replica, replica.kill)
      await query("delete from replicas")
      await next?.start()
      await settled()
    }
    await pause(2000, 3000)
  }
}

/** A statement of a transaction may go by another connection than the one before it. */
const behindPooler: Scenario = {
  name: "behind-pooler",
  seconds: 50,
  setup: { isPooled: true },
  ...(hasPooler ? {} : { leftOut: "PgBouncer is not installed" }),
  isBackfilled: true,
  ears: true,
  within: 8,
  run: async ({ expect, harm, load, moved, owner, pause }) => {
    await load(300)
    await pause(2000, 3000)
    const first = await owner()
    await harm(first, first.kill)
    const second = await moved(first)
    await pause(2000, 3000)
    const { code } = await second.stop()
    expect("SIGTERM", code === 0, `exit ${code}`)
    await moved(second)
    await pause(2000, 3000)
  }
}

export const surroundings: ReadonlyArray<Scenario> = [
  postgresRestarts,
  clocksApart,
  clocksApartGap,
  behindPooler
]
