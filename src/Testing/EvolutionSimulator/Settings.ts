/** The settings of a simulated Evolution, and what the real one is set to if nothing else is said. */

export interface Settings {
  /** The address to listen at. */
  readonly host: string
  /** The port to listen at; 0 takes a free one. */
  readonly port: number
  /** The global key, `AUTHENTICATION_API_KEY`. */
  readonly apiKey: string
  /** Instances that exist from the start, with a linked phone. */
  readonly linked: ReadonlyArray<string>
  /** `WEBSOCKET_GLOBAL_EVENTS`. */
  readonly globalEvents: boolean
  /** `WEBSOCKET_ENABLED`. */
  readonly webSocket: boolean
  /** True if `WEBSOCKET_ALLOWED_HOSTS` contains our host: then a socket needs no key. */
  readonly isAllowedHost: boolean
  /** `AUTHENTICATION_EXPOSE_IN_FETCH_INSTANCES`: envelopes carry the instance's token, as the image's template has it. */
  readonly exposesTokens: boolean
  /** Version in the answer to `GET /`. */
  readonly version: string
  /** Delay of the answer to a create that waits for a code, ms; 5 000 in the real Evolution. */
  readonly createMillis: number
  /** Refuses each creation, and repeats its body, as a failed write to the database does. */
  readonly refusesCreate: boolean
  /** Interval of the pings, ms of the machine's clock. */
  readonly pingInterval: number
  /** A client that answers no ping for so long is dropped, ms of the machine's clock. */
  readonly pingTimeout: number
  /** Life of a QR code, ms: the next one follows by itself. `Infinity`: none does. */
  readonly qrMillis: number
  /** `QRCODE_LIMIT`: number of QR codes after which nobody may scan any more. */
  readonly qrLimit: number
  /** `DATABASE_SAVE_DATA_NEW_MESSAGE`. */
  readonly storeMessages: boolean
  /** The time by which the clocks of Evolution and WhatsApp are ahead of the simulator's, in ms. */
  readonly clockMillis: number
  /** Delay of the answer to findMessages, ms. */
  readonly findMillis: number
  /** True: a person's message is stored under `@lid` and emitted under the phone, as 2.3.7 does. */
  readonly storesHidden: boolean
  /** Phones that WhatsApp does not know: what is sent to them is refused. */
  readonly notOnWhatsApp: ReadonlyArray<string>
  /** Seed of what is left to chance: which events a share of losses hits, the order of equal messages. */
  readonly seed: number
}

export const defaults: Settings = {
  host: "127.0.0.1",
  port: 0,
  apiKey: "the-simulators-key",
  linked: [],
  globalEvents: true,
  webSocket: true,
  isAllowedHost: false,
  exposesTokens: true,
  version: "2.3.7",
  createMillis: 0,
  refusesCreate: false,
  pingInterval: 25_000,
  pingTimeout: 20_000,
  qrMillis: 45_000,
  qrLimit: 30,
  storeMessages: true,
  clockMillis: 0,
  findMillis: 0,
  storesHidden: false,
  notOnWhatsApp: [],
  seed: 1
}
