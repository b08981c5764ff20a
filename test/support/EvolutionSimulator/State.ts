/** What the simulated Evolution remembers; it survives its restarts, as a database would. */
import { createHash, randomUUID } from "node:crypto"
import QRCode from "qrcode"
import { settingsNames } from "../../../src/Domain/EventName.ts"
import type { Random } from "../Random.ts"
import type { StoredMessage } from "./Messages.ts"

/** Evolution's own list of 2.3.x: `groups.update` is misspelt in it, and 2.4's event is not there. */
export const settingsOfEvolution: ReadonlyArray<string> = settingsNames
  .filter((name) => name !== "MESSAGING_HISTORY_SET")
  .map((name) => (name === "GROUPS_UPDATE" ? "GROUP_UPDATE" : name))

export interface SimulatedInstance {
  readonly name: string
  readonly id: string
  readonly token: string
  readonly integration: string
  /** For whose phone the codes to type are. */
  number: string | null
  /** In memory; `undefined` while not loaded. */
  state: "open" | "connecting" | "close" | undefined
  ownerJid: string | null
  profileName: string | null
  qrCount: number
  qr:
    | { readonly code: string; readonly base64: string; readonly pairingCode: string | null }
    | undefined
  websocket: { enabled: boolean; events: ReadonlyArray<string> } | null
}

export interface Settings {
  readonly apiKey: string
  /** `WEBSOCKET_GLOBAL_EVENTS`. */
  readonly globalEvents: boolean
  /** `WEBSOCKET_ENABLED`. */
  readonly webSocket: boolean
  /** Whether `WEBSOCKET_ALLOWED_HOSTS` has us in it: then a socket takes no key. */
  readonly isAllowedHost: boolean
  /** As `GET /` tells it. */
  readonly version: string
  /** How long create sleeps before it answers; 5 000 ms in the real one. */
  readonly createMillis: number
  readonly pingInterval: number
  readonly pingTimeout: number
  /** `DATABASE_SAVE_DATA_NEW_MESSAGE`. */
  readonly storeMessages: boolean
  /** Of the order in which messages of one second are found. */
  readonly seed: number
}

export const defaults: Settings = {
  apiKey: "simulator-key",
  globalEvents: true,
  webSocket: true,
  isAllowedHost: false,
  version: "2.3.7",
  createMillis: 20,
  pingInterval: 25_000,
  pingTimeout: 20_000,
  storeMessages: true,
  seed: 1
}

/** How the server refuses everybody, when told to: a proxy's answer, or 2.4's missing licence. */
export type Refusal = { readonly status: number; readonly body: string } | "license" | undefined

export interface State {
  readonly settings: Settings
  readonly instances: Map<string, SimulatedInstance>
  /** By the instance's name, in the order they were emitted. */
  readonly messages: Map<string, Array<StoredMessage>>
  readonly random: Random
  refusal: Refusal
  apiKey: string
}

export const newInstance = (
  name: string,
  options: { readonly token?: string; readonly integration?: string; readonly number?: string } = {}
): SimulatedInstance => ({
  name,
  id: randomUUID(),
  token: options.token ?? randomUUID().toUpperCase(),
  integration: options.integration ?? "WHATSAPP-BAILEYS",
  number: options.number ?? null,
  state: "close",
  ownerJid: null,
  profileName: null,
  qrCount: 0,
  qr: undefined,
  websocket: null
})

/** The code that the instance shows from now on, as Evolution draws it. */
export const nextQr = async (instance: SimulatedInstance) => {
  const { name, number } = instance
  instance.qrCount++
  const code = codeOf(name, instance.qrCount)
  const base64 = await QRCode.toDataURL(code, { margin: 3, scale: 4, errorCorrectionLevel: "H" })
  instance.qr = { pairingCode: number === null ? null : "ABCD1234", code, base64 }
  return instance.qr
}

/** As long as one of WhatsApp's, and the same each time. */
const codeOf = (name: string, number: number): string => {
  const parts = [1, 2, 3, 4].map((part) =>
    createHash("sha256").update(`${name} ${number} ${part}`).digest("base64")
  )
  return `2@${name}-${number}-${parts.join(",")}`
}
