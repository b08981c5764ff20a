/** The state of the simulated Evolution, which survives its restarts, as a database does. */
import { createHash, randomUUID } from "node:crypto"
import QRCode from "qrcode"
import { settingsNames } from "../../Domain/EventName.ts"
import type { Random } from "../Random.ts"

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
  qrCount: number
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

export interface Settings {
  readonly apiKey: string
  /** `WEBSOCKET_GLOBAL_EVENTS`. */
  readonly globalEvents: boolean
  /** `WEBSOCKET_ENABLED`. */
  readonly webSocket: boolean
  /** True if `WEBSOCKET_ALLOWED_HOSTS` contains our host: then a socket needs no key. */
  readonly isAllowedHost: boolean
  /** Version in the answer to `GET /`. */
  readonly version: string
  /** Delay of the answer to create; 5 000 ms in the real Evolution. */
  readonly createMillis: number
  /** Refuses each creation, and repeats its body, as a failed write to the database does. */
  readonly refusesCreate: boolean
  readonly pingInterval: number
  readonly pingTimeout: number
  /** `DATABASE_SAVE_DATA_NEW_MESSAGE`. */
  readonly storeMessages: boolean
  /** The time by which the clocks of Evolution and WhatsApp are ahead of this machine's, in ms. */
  readonly clockMillis: number
  /** Delay of the answer to findMessages. */
  readonly findMillis: number
  /** True: a person's message is stored under `@lid` and emitted under the phone, as 2.3.7 does. */
  readonly storesHidden: boolean
  /** Seed of the order in which messages of one second are found. */
  readonly seed: number
}

export const defaults: Settings = {
  apiKey: "the-simulators-key",
  globalEvents: true,
  webSocket: true,
  isAllowedHost: false,
  version: "2.3.7",
  createMillis: 20,
  refusesCreate: false,
  pingInterval: 25_000,
  pingTimeout: 20_000,
  storeMessages: true,
  clockMillis: 0,
  storesHidden: false,
  findMillis: 0,
  seed: 1
}

/** The time by the clocks of Evolution and WhatsApp, ms since 1970 UTC. */
export const clockOf = ({ settings }: State): number => Date.now() + settings.clockMillis

/** The answer of a proxy, a firewall or a login page in front of Evolution. */
export interface Intermediary {
  readonly status: number
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
  /** True: it lets sockets pass, as a firewall whose rules are about REST alone. */
  readonly sparesSockets?: boolean
}

/** A refusal of all requests: an intermediary's answer, or the missing licence of 2.4. */
export type Refusal = Intermediary | "license" | undefined

export interface State {
  readonly settings: Settings
  readonly instances: Map<string, SimulatedInstance>
  /** Messages by the instance's name, in the order of their emission. */
  readonly messages: Map<string, Array<StoredMessage>>
  readonly random: Random
  refusal: Refusal
  /** `WEBSOCKET_GLOBAL_EVENTS` now. */
  globalEvents: boolean
  /** Instances whose messages are stored and not emitted, as Evolution 2.3.6 does after a logout. */
  readonly deaf: Set<string>
  /** True: a deletion is answered as done, and the clean-up after the answer fails. */
  keepsDeleted: boolean
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
  profilePicUrl: null,
  createdAt: new Date().toISOString(),
  disconnectionReasonCode: null,
  qrCount: 0,
  qr: undefined,
  websocket: null
})

/** The next code of the instance, drawn as Evolution draws it. */
export const nextQr = async (instance: SimulatedInstance) => {
  const { name, number } = instance
  instance.qrCount++
  const code = codeOf(name, instance.qrCount)
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
