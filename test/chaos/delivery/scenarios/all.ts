/** All scenarios of deliveries. */
import type { Scenario } from "../Scenario.ts"
import { brokers } from "./brokers.ts"
import { ends } from "./ends.ts"
import { million } from "./million.ts"
import { receivers } from "./receivers.ts"
import { refusals } from "./refusals.ts"

export const scenarios: ReadonlyArray<Scenario> = [
  ...ends,
  ...receivers,
  ...refusals,
  ...brokers,
  million
]
