/** All scenarios of several replicas. */
import type { Scenario } from "../Scenario.ts"
import { cuts } from "./cuts.ts"
import { deploys } from "./deploys.ts"
import { modes } from "./modes.ts"
import { ends } from "./owner.ts"
import { surroundings } from "./surroundings.ts"

export const scenarios: ReadonlyArray<Scenario> = [
  ...ends,
  ...deploys,
  ...cuts,
  ...surroundings,
  ...modes
]
