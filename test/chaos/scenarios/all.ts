/** All scenarios. */
import type { Scenario } from "../Scenario.ts"
import { clockJump } from "./clock.ts"
import { database } from "./database.ts"
import { link } from "./link.ts"
import { ends } from "./process.ts"
import { refusals } from "./refusals.ts"
import { restarts } from "./restarts.ts"
import { strange } from "./strange.ts"

export const scenarios: ReadonlyArray<Scenario> = [
  ...link,
  ...refusals,
  ...strange,
  ...database,
  ...ends,
  ...restarts,
  clockJump
]
