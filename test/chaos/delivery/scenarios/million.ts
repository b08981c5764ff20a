/** A million deliveries, with a receiver that fails for a tenth, and kills now and then. */
import { sleep } from "../../until.ts"
import type { Scenario } from "../Scenario.ts"

const deliveries = 1_000_000
const endpoints = 5
const rate = 400

export const million: Scenario = {
  name: "million",
  seconds: 700,
  isOnlyNamed: true,
  patience: 300,
  setup: {
    instances: 200,
    endpoints: [
      ...["/well-1", "/well-2", "/well-3", "/well-4"].map((path) => ({ path })),
      { path: "/fails-10", settings: { concurrency: 64 } }
    ]
  },
  run: async ({ allListening, due, harm, load, members: [member], pause, receiver, watch }) => {
    await load(rate)
    for (let time = 0; (await due("/well-1")) * endpoints < deliveries; time++) {
      await pause(20_000, 40_000)
      watch()
      if (time % 2 === 0) {
        await harm(async () => member?.kill())
        await member?.start()
        await allListening()
      } else {
        await harm(receiver.kill)
        await sleep(500)
        await receiver.start()
      }
    }
  }
}
