/** The library `evolution-listener/testing`: an Evolution API without WhatsApp, for tests. */

export type { Emit, Emitted } from "./EvolutionSimulator/Emission.ts"
export type {
  Choice,
  Delays,
  Garbage,
  Intermediary,
  Refusal
} from "./EvolutionSimulator/Faults.ts"
export { textMessage } from "./EvolutionSimulator/Messages.ts"
export type { MessageOptions, ReceivedMessage } from "./EvolutionSimulator/Received.ts"
export type { RestCall } from "./EvolutionSimulator/Rest.ts"
export type { SentMessage } from "./EvolutionSimulator/Sent.ts"
export type { Settings } from "./EvolutionSimulator/Settings.ts"
export type { Simulator } from "./EvolutionSimulator/Simulator.ts"
export type { SimulatedInstance, StoredMessage } from "./EvolutionSimulator/State.ts"
export {
  EvolutionSimulator,
  scopedSimulator,
  simulate
} from "./EvolutionSimulator.ts"
