/** Brokers are killed and started again while the service publishes to them, and so is the service. */
import { endpoints, missing } from "../Brokers.ts"
import type { Scenario } from "../Scenario.ts"

const killed: Scenario = {
  name: "brokers-killed",
  seconds: 60,
  patience: 90,
  ...(missing === undefined ? {} : { leftOut: missing }),
  setup: { hasBrokers: true, endpoints: [...endpoints, { path: "/well-1" }] },
  run: async ({ allListening, brokers, harm, load, members: [member], pause }) => {
    if (brokers === undefined) throw new Error("No brokers")
    await load(200)
    for (let time = 0; time < 2; time++) {
      await pause(2000, 4000)
      await harm(brokers.rabbitMq.kill)
      await brokers.rabbitMq.start()
      await pause(2000, 4000)
      await harm(brokers.nats.kill)
      await pause(0, 1000)
      await brokers.nats.start()
    }
    await pause(1000, 2000)
    await harm(async () => member?.kill())
    await member?.start()
    await allListening()
    await pause(1000, 2000)
  }
}

export const brokers: ReadonlyArray<Scenario> = [killed]
