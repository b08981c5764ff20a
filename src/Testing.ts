/** The library `evolution-listener/testing`: an Evolution API without WhatsApp, for tests. */

export { textMessage } from "./Testing/EvolutionSimulator/Messages.ts"
export type { Emitted, Simulator } from "./Testing/EvolutionSimulator/Simulator.ts"
export type { Refusal, Settings, SimulatedInstance } from "./Testing/EvolutionSimulator/State.ts"
export type { Garbage } from "./Testing/EvolutionSimulator/Transport.ts"
export {
  EvolutionSimulator,
  scopedSimulator,
  simulate
} from "./Testing/EvolutionSimulator.ts"
