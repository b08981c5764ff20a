/** All scenarios of several replicas. */
import { hasPooler } from "../Pooler.ts"
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

/** Scenarios that this machine cannot run, in words. */
export const leftOut: ReadonlyArray<string> = hasPooler
  ? []
  : ["behind-pooler is left out: PgBouncer is not installed"]
