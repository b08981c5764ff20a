/** The second ring of recovery: how often a listener that met a bug is started again. */
import { Schedule } from "effect"

/** A defect restarts its listener at most five times in a minute; then the state says so. */
export const restartIntensity = Schedule.exponential("100 millis").pipe(
  Schedule.intersect(Schedule.recurs(5)),
  Schedule.resetAfter("1 minute")
)

/** Made with the first crash: most listeners never meet one. */
export const restartsLeft = Schedule.driver(restartIntensity)
