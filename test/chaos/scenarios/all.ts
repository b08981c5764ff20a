/** All scenarios. */
import type { Scenario } from "../Scenario.ts"
import { clocks } from "./clock.ts"
import { database } from "./database.ts"
import { deaf } from "./deaf.ts"
import { link } from "./link.ts"
import { mediaBehind } from "./media.ts"
import { ends } from "./process.ts"
import { proxyInFront } from "./proxy.ts"
import { refusals } from "./refusals.ts"
import { restarts } from "./restarts.ts"
import { slow } from "./slow.ts"
import { strange } from "./strange.ts"

export const scenarios: ReadonlyArray<Scenario> = [
  ...link,
  ...refusals,
  ...strange,
  ...database,
  ...ends,
  ...restarts,
  ...clocks,
  ...slow,
  ...deaf,
  proxyInFront,
  mediaBehind
]
