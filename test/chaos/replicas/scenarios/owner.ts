/** The owner ends, with and without a warning, or stands still. */
import { sleep } from "../../until.ts"
import type { Scenario } from "../Scenario.ts"

const killed: Scenario = {
  name: "owner-killed",
  seconds: 30,
  isFast: true,
  isBackfilled: true,
  ears: true,
  within: 8,
  run: async ({ harm, load, moved, owner, pause }) => {
    await load(500)
    await pause(2000, 4000)
    const first = await owner()
    await harm(first, first.kill)
    await moved(first)
    await pause(1000, 3000)
    await first.start()
    await pause(2000, 3000)
  }
}

/** The heir dies as soon as it owns the server: the third replica has heard all along, too. */
const killedInTurn: Scenario = {
  name: "owners-killed-in-turn",
  seconds: 40,
  isBackfilled: true,
  ears: true,
  within: 8,
  run: async ({ harm, load, moved, owner, pause }) => {
    await load(500)
    await pause(2000, 4000)
    const first = await owner()
    await harm(first, first.kill)
    const second = await moved(first)
    await harm(second, second.kill)
    await moved(second)
    await pause(2000, 3000)
  }
}

/**
 * Its last statement is held back on its way, and comes to Postgres with the process that wakes up: it is of the
 * old epoch by then.
 */
const frozen: Scenario = {
  name: "owner-frozen",
  seconds: 50,
  isBackfilled: true,
  ears: true,
  within: 10,
  isUnready: true,
  run: async ({ expect, harm, load, moved, owner, pause, testimony }) => {
    await load(500)
    await pause(2000, 4000)
    const first = await owner()
    await harm(first, async () => {
      first.postgres.blackHole()
      await sleep(200)
      first.freeze()
    })
    const twenty = sleep(20_000)
    await moved(first)
    await twenty
    const epoch = Math.max(...(await testimony()).changes.map((change) => change.epoch))
    first.postgres.pass()
    first.thaw()
    await pause(6000, 8000)
    const told = /Another replica owns the server: epoch \d+ is over/.test(first.service.output())
    expect("the old owner says that it is fenced", told, `by epoch ${epoch}`)
  }
}

/** The proof that a late statement really comes, and that the suite sees what it writes. */
const unfenced: Scenario = {
  name: "fence-removed",
  seconds: 30,
  setup: { isUnfenced: true },
  run: async ({ harm, load, moved, owner, pause }) => {
    await load(500)
    await pause(2000, 3000)
    const first = await owner()
    await harm(first, () => first.postgres.blackHole())
    await moved(first)
    first.postgres.pass()
    await pause(2000, 3000)
  }
}

const stopped: Scenario = {
  name: "owner-stopped",
  seconds: 25,
  isBackfilled: true,
  ears: true,
  isPlanned: true,
  run: async ({ expect, load, moved, owner, pause }) => {
    await load(500)
    await pause(2000, 4000)
    const first = await owner()
    const { code, millis } = await first.stop()
    expect("SIGTERM", code === 0, `exit ${code} after ${millis.toFixed(0)} ms`)
    await moved(first)
    await pause(2000, 3000)
  }
}

export const ends: ReadonlyArray<Scenario> = [killed, killedInTurn, frozen, unfenced, stopped]
