/** The state of the simulated Evolution, which survives its restarts, as a database does. */
import { createHash, randomUUID } from "node:crypto"
import QRCode from "qrcode"
import { settingsNames } from "../../Domain/EventName.ts"
import type { Random } from "../Random.ts"
import type { Faults } from "./Faults.ts"
import type { Settings } from "./Settings.ts"
import type { Time } from "./Time.ts"

/** Evolution's own list of 2.3.x: `groups.update` is misspelt in it, and 2.4's event is not there. */
export const settingsOfEvolution: ReadonlyArray<string> = settingsNames
  .filter((name) => name !== "MESSAGING_HISTORY_SET")
  .map((name) => (name === "GROUPS_UPDATE" ? "GROUP_UPDATE" : name))

export interface SimulatedInstance {
  readonly name: string
  readonly id: string
  readonly token: string
  readonly integration: string
  /** Number of the phone that pairing codes are for. */
  number: string | null
  /** State in memory; `undefined` while the instance is not loaded. */
  state: "open" | "connecting" | "close" | undefined
  ownerJid: string | null
  profileName: string | null
  profilePicUrl: string | null
  /** ISO 8601. */
  readonly createdAt: string
  /** Code of the last end of a session; a later session does not clear it. */
  disconnectionReasonCode: number | null
  /** Codes of this attempt to link. */
  qrCount: number
  /** Codes of all attempts. */
  qrShown: number
  qr:
    | { readonly code: string; readonly base64: string; readonly pairingCode: string | null }
    | undefined
  websocket: { enabled: boolean; events: ReadonlyArray<string> } | null
  /** The body of the call that created it. */
  created?: object
}

/** A row of Evolution's table of messages. */
export interface StoredMessage {
  readonly id: string
  readonly key: Readonly<Record<string, unknown>>
  readonly pushName: unknown
  readonly messageType: unknown
  readonly message: unknown
  readonly messageTimestamp: number
  readonly instanceId: string
  readonly source: unknown
  readonly contextInfo: unknown
  readonly MessageUpdate: ReadonlyArray<unknown>
}

/** The time by the clocks of Evolution and WhatsApp, ms since 1970 UTC. */
export const clockOf = ({ settings, time }: State): number => time.now() + settings.clockMillis

export interface State {
  readonly settings: Settings
  readonly time: Time
  readonly instances: Map<string, SimulatedInstance>
  /** Messages by the instance's name, in the order of their emission. */
  readonly messages: Map<string, Array<StoredMessage>>
  /** The order of messages of one second. */
  readonly ties: Random
  readonly faults: Faults
  /** `WEBSOCKET_GLOBAL_EVENTS` now. */
  globalEvents: boolean
  apiKey: string
}

/** The integration with phones to link; the others are open from the start. */
export const phones = "WHATSAPP-BAILEYS"

export const newInstance = (
  state: State,
  name: string,
  {
    integration = phones,
    number = null,
    token = randomUUID().toUpperCase()
  }: {
    readonly token?: string
    readonly integration?: string
    readonly number?: string | null
  } = {}
): SimulatedInstance => ({
  name,
  id: randomUUID(),
  token,
  integration,
  number,
  state: integration === phones ? "close" : "open",
  ownerJid: null,
  profileName: null,
  profilePicUrl: null,
  createdAt: new Date(clockOf(state)).toISOString(),
  disconnectionReasonCode: null,
  qrCount: 0,
  qrShown: 0,
  qr: undefined,
  websocket: null
})

/** The next code of the instance, drawn as Evolution draws it. */
export const nextQr = async (instance: SimulatedInstance) => {
  const { name, number } = instance
  instance.qrCount++
  const code = codeOf(name, ++instance.qrShown)
  const base64 = await QRCode.toDataURL(code, { margin: 3, scale: 4, errorCorrectionLevel: "H" })
  instance.qr = { pairingCode: number === null ? null : "ABCD1234", code, base64 }
  return instance.qr
}

/** A code as long as WhatsApp's, and the same each time. */
const codeOf = (name: string, number: number): string => {
  const parts = [1, 2, 3, 4].map((part) =>
    createHash("sha256").update(`${name} ${number} ${part}`).digest("base64")
  )
  return `2@${name}-${number}-${parts.join(",")}`
}
