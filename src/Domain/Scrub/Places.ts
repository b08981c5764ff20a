/**
 * The places at which Evolution's events hold secrets. Nothing else in an event is taken for a secret by its
 * look or by its name: what people wrote is kept as they wrote it.
 */
import { Array as Arr, Predicate } from "effect"
import { eventNames } from "../EventName.ts"
import { maxNesting } from "../Nesting.ts"
import { redacted } from "./Look.ts"
import { withoutTexts } from "./Value.ts"

interface Place {
  /** Wire names of events, whose data the paths begin at; or a WhatsApp message, wherever it is. */
  readonly within: RegExp | "message"
  /** Separated by spaces. A list on the way stands for each of its items. */
  readonly paths: string
  /** A file of EvolutionAPI/evolution-api 2.3.6, the answer that has this shape, or WhatsApp's protocol. */
  readonly source: string
}

const life = /^(?:instance\.|status\.instance$|connection\.update$|application\.startup$)/
const result = "protocolMessage.peerDataOperationRequestResponseMessage.peerDataOperationResult"

const places: ReadonlyArray<Place> = [
  {
    within: /^typebot\./,
    paths: "session.parameters.apiKey",
    source: "src/api/integrations/chatbot/typebot/services/typebot.service.ts: Evolution's key"
  },
  {
    within: life,
    paths: "qrcode pairingCode code base64",
    source: "the answers of POST /instance/create and GET /instance/connect: codes"
  },
  {
    within: life,
    paths:
      "hash token apikey accessTokenWaBusiness instance.accessTokenWaBusiness chatwootToken chatwoot.token " +
      "Chatwoot.token proxyPassword proxy.password Proxy.password settings.wavoipToken Setting.wavoipToken " +
      "webhook.headers Webhook.headers",
    source: "the answers of POST /instance/create and GET /instance/fetchInstances: integrations"
  },
  {
    within: "message",
    paths: "senderKeyDistributionMessage fastRatchetKeySenderKeyDistributionMessage",
    source: "WAProto, SenderKeyDistributionMessage: decrypts what a group writes from now on"
  },
  {
    within: "message",
    paths: "protocolMessage.appStateSyncKeyShare.keys.keyData",
    source: "WAProto, AppStateSyncKeyShare: decrypts and signs contacts, settings and labels"
  },
  {
    within: "message",
    paths: "protocolMessage.historySyncNotification.mediaKey",
    source: "WAProto, HistorySyncNotification: decrypts the history of all chats"
  },
  {
    within: "message",
    paths:
      `${result}.waffleNonceFetchRequestResponse.nonce ${result}.companionMetaNonceFetchRequestResponse.nonce ` +
      `${result}.companionCanonicalUserNonceFetchRequestResponse.nonce`,
    source: "WAProto, PeerDataOperationResult: logs in to the account at Meta"
  },
  {
    within: "message",
    paths: "call.callKey bcallMessage.masterKey",
    source: "WAProto, Call and BCallMessage: decrypts a call"
  }
]

/** The instance's token, beside the data of every event: src/api/services/channel.service.ts, sendDataWebhook. */
const envelopeKey = "apikey"

/**
 * Every text of an event about codes is secret, as it may hold one, and of a device's private keys. Evolution
 * emits `qrcode.updated` (whatsapp.baileys.service.ts, connectionUpdate); `creds.update` is in its list alone.
 */
const secretAsAWhole = /qr[ ._-]?code|pairing[ ._-]?code|^creds\.update$/i

/** Events whose data is a message, or a list of them. */
const messages = /^(?:messages|messaging-history|send\.message)\b/
/** Their data is a message's `protocolMessage`: whatsapp.baileys.service.ts, MESSAGES_EDITED and SEND_MESSAGE_UPDATE. */
const protocolMessages = /^(?:messages\.edited|send\.message\.update)$/
/** Paths to a message, from an event's data and from the value under any key of another message. */
const nested = [["message"], ["editedMessage"], ["contextInfo", "quotedMessage"]]

type Path = ReadonlyArray<string>
type Fields = { readonly [key: string]: unknown }
const pathsOf = (which: (place: Place) => boolean): ReadonlyArray<Path> =>
  places.filter(which).flatMap(({ paths }) => paths.split(" ").map((path) => path.split(".")))

/** By their first keys. */
const inEveryMessage: ReadonlyMap<string, ReadonlyArray<Path>> = new Map(
  Object.entries(
    Arr.groupBy(
      pathsOf(({ within }) => within === "message"),
      ([key = ""]) => key
    )
  ).map(([key, paths]) => [key, paths.map((path) => path.slice(1))])
)

/** The same value, with another one at the end of the path; the same reference if there is nothing. */
const changed = (value: unknown, path: Path, change: (one: unknown) => unknown): unknown => {
  const [key, ...rest] = path
  if (key === undefined) return change(value)
  if (Array.isArray(value)) {
    const items = value.map((item) => (Array.isArray(item) ? item : changed(item, path, change)))
    return items.some((item, nth) => item !== value[nth]) ? items : value
  }
  if (!Predicate.isRecord(value) || !Object.hasOwn(value, key)) return value
  const after = changed(value[key], rest, change)
  return after === value[key] ? value : { ...value, [key]: after }
}

const withoutPaths = (value: unknown, paths: ReadonlyArray<Path>): unknown =>
  paths.reduce((sofar, path) => changed(sofar, path, (secret) => secret && redacted), value)

const inMessage = (message: Fields, levels: number): Fields => {
  let after = message
  for (const key of Object.keys(message)) {
    const before = after[key]
    const paths = inEveryMessage.get(key)
    const found = paths === undefined ? before : withoutPaths(before, paths)
    const inner = inNested(found, levels - 1)
    if (inner !== before) after = { ...after, [key]: inner }
  }
  return after
}

const inNested = (value: unknown, levels: number): unknown =>
  typeof value !== "object" || levels === 0
    ? value
    : nested.reduce<unknown>(
        (sofar, path) =>
          changed(sofar, path, (message) =>
            Predicate.isRecord(message) ? inMessage(message, levels) : message
          ),
        value
      )

const rulesFor = (event: string) => ({
  isWhole: secretAsAWhole.test(event),
  paths: pathsOf(({ within }) => within !== "message" && within.test(event)),
  isOfMessages: messages.test(event),
  isProtocolMessage: protocolMessages.test(event)
})

const rules = new Map<string, ReturnType<typeof rulesFor>>(
  eventNames.map((event) => [event, rulesFor(event)])
)
const rulesOf = (event: string) => rules.get(event) ?? rulesFor(event)

/** True for the wire name of an event all of whose texts are secret. */
export const isSecretAsAWhole = (event: string): boolean => rulesOf(event).isWhole

/** The data of an event without the secrets at their places; the same reference if there are none. */
export const inData = (event: string, data: unknown): unknown => {
  if (typeof data !== "object") return data
  const { isOfMessages, isProtocolMessage, isWhole, paths } = rulesOf(event)
  if (isWhole) return withoutTexts(data)
  const found = withoutPaths(data, paths)
  if (!isOfMessages) return found
  if (!isProtocolMessage) return inNested(found, maxNesting)
  return inMessage({ protocolMessage: found }, maxNesting).protocolMessage
}

/** All of an event, or what came in its place. `events`: the names it has. */
export const inPayload = (events: ReadonlyArray<string>, payload: unknown): unknown =>
  events.some(isSecretAsAWhole)
    ? withoutTexts(payload)
    : events.reduce(
        (sofar, event) => changed(sofar, ["data"], (data) => inData(event, data)),
        withoutPaths(payload, [[envelopeKey]])
      )
