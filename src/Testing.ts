/** The library `evolution-listener/testing`: an Evolution API without WhatsApp, for tests. */

export type { Emit, Emitted } from "./Testing/EvolutionSimulator/Emission.ts"
export type {
  Choice,
  Delays,
  Garbage,
  Intermediary,
  Refusal
} from "./Testing/EvolutionSimulator/Faults.ts"
export { textMessage } from "./Testing/EvolutionSimulator/Messages.ts"
export type { MessageOptions, ReceivedMessage } from "./Testing/EvolutionSimulator/Received.ts"
export type { RestCall } from "./Testing/EvolutionSimulator/Rest.ts"
export type { SentMessage } from "./Testing/EvolutionSimulator/Sent.ts"
export type { Settings } from "./Testing/EvolutionSimulator/Settings.ts"
export type { Simulator } from "./Testing/EvolutionSimulator/Simulator.ts"
export type { SimulatedInstance, StoredMessage } from "./Testing/EvolutionSimulator/State.ts"
export {
  EvolutionSimulator,
  scopedSimulator,
  simulate
} from "./Testing/EvolutionSimulator.ts"
