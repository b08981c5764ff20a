/** The second ring of recovery: how often a listener that met a bug is started again. */
import { Schedule } from "effect"
import { restartIntensity } from "../../Concurrency/Supervise.ts"

/** Made with the first crash: most listeners never meet one. */
export const restartsLeft = Schedule.driver(restartIntensity)
