/** The service, its database or its receiver ends in the midst of deliveries. */

import { sleep } from "../../until.ts"
import type { Scenario } from "../Scenario.ts"

const rate = 300
/** Three processes share the machine. */
const rateOfThree = 100

const serviceKilled: Scenario = {
  name: "service-killed",
  seconds: 25,
  isFast: true,
  run: async ({ allListening, harm, load, members: [member], pause }) => {
    await load(rate)
    for (let time = 0; time < 3; time++) {
      await pause(1500, 3000)
      await harm(async () => member?.kill())
      await pause(0, 500)
      await member?.start()
      await allListening()
    }
    await pause(1000, 2000)
  }
}

const serviceStopped: Scenario = {
  name: "service-stopped",
  seconds: 20,
  run: async ({ allListening, expect, load, members: [member], pause }) => {
    await load(rate)
    await pause(2000, 3000)
    const { code = null, millis = 0 } = (await member?.stop()) ?? {}
    expect("SIGTERM", code === 0 && millis < 5000, `exit ${code} after ${millis.toFixed(0)} ms`)
    await member?.start()
    await allListening()
    await pause(1000, 2000)
  }
}

const receiverKilled: Scenario = {
  name: "receiver-killed",
  seconds: 25,
  run: async ({ harm, load, pause, receiver }) => {
    await load(rate)
    for (let time = 0; time < 3; time++) {
      await pause(1500, 3000)
      await harm(receiver.kill)
      await pause(0, 2000)
      await receiver.start()
    }
    await pause(1000, 2000)
  }
}

/** A receiver that is deployed several times: it answers what it has, so nothing is repeated. */
const receiverDeployed: Scenario = {
  name: "receiver-deployed",
  seconds: 25,
  run: async ({ load, pause, receiver }) => {
    await load(rate)
    for (let time = 0; time < 4; time++) {
      await pause(1500, 2500)
      await receiver.stop()
      await pause(0, 300)
      await receiver.start()
    }
    await pause(1000, 2000)
  }
}

/** A confirmed message waits for the database before the next one of its lane is sent: nothing is repeated. */
const postgresRestarted: Scenario = {
  name: "postgres-restarted",
  seconds: 30,
  setup: { ownPostgres: true },
  run: async ({ load, pause, postgres, random }) => {
    await load(rate)
    for (let time = 0; time < 4; time++) {
      await pause(1000, 2500)
      await postgres.restart(random.pick(["immediate", "fast"]))
    }
    await pause(1000, 2000)
    await postgres.kill()
    await sleep(3000)
    await postgres.start()
    await pause(1000, 2000)
  }
}

const everythingKilled: Scenario = {
  name: "all-killed",
  seconds: 30,
  setup: { ownPostgres: true },
  run: async ({ allListening, harm, load, members: [member], pause, postgres, receiver }) => {
    await load(rate)
    await pause(2000, 3000)
    await harm(() => Promise.all([receiver.kill(), member?.kill(), postgres.kill()]))
    await postgres.start()
    await member?.start()
    await pause(1000, 3000)
    await receiver.start()
    await allListening()
    await pause(1000, 2000)
  }
}

const ownerKilled: Scenario = {
  name: "owner-killed",
  seconds: 60,
  setup: { replicas: 3 },
  run: async ({ allListening, expect, harm, load, owner, pause }) => {
    await load(rateOfThree)
    for (let time = 0; time < 2; time++) {
      await pause(3000, 5000)
      const killed = await owner()
      await harm(killed.kill)
      const next = await owner()
      expect("another one owns the server", next !== killed, `${killed.name}, ${next.name}`)
      await allListening()
      await killed.start()
    }
    await pause(2000, 3000)
  }
}

/** The server is given to another one when its lanes have ended, or after 1.5 s. */
const ownerStopped: Scenario = {
  name: "owner-stopped",
  seconds: 60,
  setup: { replicas: 3 },
  run: async ({ allListening, expect, load, owner, pause }) => {
    await load(rateOfThree)
    for (let time = 0; time < 3; time++) {
      await pause(3000, 4000)
      const stopped = await owner()
      const { code, millis } = await stopped.stop()
      expect("SIGTERM", code === 0, `${stopped.name}: exit ${code} after ${millis.toFixed(0)} ms`)
      await owner()
      await allListening()
      await stopped.start()
    }
    await pause(2000, 3000)
  }
}

/** The proof that the suite sees what is lost, and what is repeated. */
const sabotaged: Scenario = {
  name: "cursors-moved",
  seconds: 20,
  setup: { isSabotaged: true },
  run: async ({ allListening, load, members: [member], pause, query }) => {
    await load(rate)
    await pause(2000, 3000)
    await member?.stop()
    const move = (table: string, by: number, name: string) =>
      query(
        `update ${table} set cursor = cursor + $1
         from endpoints where endpoints.id = endpoint and name = $2`,
        [by, name]
      )
    await move("endpoint_lanes", 300, "/well-1")
    await move("endpoint_lanes", -300, "/well-2")
    await move("endpoint_cursors", -300, "/well-2")
    await member?.start()
    await allListening()
    await pause(3000, 4000)
  }
}

export const ends: ReadonlyArray<Scenario> = [
  serviceKilled,
  serviceStopped,
  receiverKilled,
  receiverDeployed,
  postgresRestarted,
  everythingKilled,
  ownerKilled,
  ownerStopped,
  sabotaged
]
