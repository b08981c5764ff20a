/** The fields of Evolution's answers that we read. Tokens and keys are left out on purpose. */
import { Schema } from "effect"
import { optionalOrNull } from "../../Domain/Json.ts"

const unknownFields = Schema.Record({ key: Schema.String, value: Schema.Unknown })

/**
 * Success without its body: `create` answers with the new instance's token. The body has to have this form,
 * since an intermediary, too, may answer 200.
 */
const done = <A, I>(form: Schema.Schema<A, I>) =>
  Schema.transform(form, Schema.Undefined, {
    strict: false,
    decode: () => undefined,
    encode: () => undefined
  })

/** `logout` and `delete`. */
export const Done = done(Schema.Struct({ status: Schema.Literal("SUCCESS") }))

export const Created = done(
  Schema.Struct({ instance: Schema.Struct({ instanceName: Schema.String }) })
)

/** The state, or a QR code. */
export const Restarted = done(
  Schema.Union(
    Schema.Struct({ instance: Schema.Struct({ state: Schema.optional(Schema.String) }) }),
    Schema.Struct({ count: Schema.Number })
  )
)

/** `unknown`: Evolution has not loaded the instance and leaves `state` out. */
export const MemoryState = Schema.transform(
  Schema.Struct({
    instance: Schema.Struct({
      state: optionalOrNull(Schema.Literal("open", "connecting", "close"))
    })
  }),
  Schema.Literal("open", "connecting", "close", "unknown"),
  {
    strict: true,
    decode: ({ instance }) => instance.state ?? "unknown",
    encode: (state) => ({ instance: state === "unknown" ? {} : { state } })
  }
)
export type MemoryState = typeof MemoryState.Type

/** One of `{"count":0}`, a QR code, and `{"instance":{"state":"open"}}`. */
export const Connected = Schema.Struct({
  count: Schema.optional(Schema.Number),
  code: optionalOrNull(Schema.String),
  base64: optionalOrNull(Schema.String),
  pairingCode: optionalOrNull(Schema.String),
  instance: Schema.optional(Schema.Struct({ state: Schema.optional(Schema.String) }))
})
export type Connected = typeof Connected.Type

export const InstanceRow = Schema.Struct({
  /** Evolution's own id: another instance may come to bear the name. */
  id: optionalOrNull(Schema.String),
  name: Schema.String,
  /** `WHATSAPP-BAILEYS`, `WHATSAPP-BUSINESS` or `EVOLUTION`. */
  integration: optionalOrNull(Schema.String),
  /** ISO 8601, by Evolution's clock. */
  createdAt: optionalOrNull(Schema.String),
  /** Given at the creation; of an instance without a phone to link, its number. */
  number: optionalOrNull(Schema.String),
  /** Baileys' code of the last end of a session; a later session does not clear it. */
  disconnectionReasonCode: optionalOrNull(Schema.Int),
  /** The database's column, which drifts from the state in memory: use `connectionState`. */
  connectionStatus: optionalOrNull(Schema.String),
  /** WhatsApp's address of the number; set once the instance was paired. */
  ownerJid: optionalOrNull(Schema.String),
  profileName: optionalOrNull(Schema.String),
  profilePicUrl: optionalOrNull(Schema.String),
  _count: optionalOrNull(
    Schema.Struct({
      /** Messages that Evolution stores of the instance. */
      Message: optionalOrNull(Schema.Int)
    })
  )
})
export type InstanceRow = typeof InstanceRow.Type

/** A row with the instance's token, which must not leave the client. */
export const RowWithToken = Schema.Struct({
  ...InstanceRow.fields,
  token: optionalOrNull(Schema.String)
})

export const WebSocketSettings = Schema.Struct({
  enabled: Schema.Boolean,
  events: Schema.Array(Schema.String)
})
export type WebSocketSettings = typeof WebSocketSettings.Type

/** `null`: websockets are off. */
export const WebSocketSet = done(Schema.NullOr(WebSocketSettings))

/** A row of Evolution's message table. All fields are kept; they resemble those of `messages.upsert`. */
const FoundMessage = Schema.Struct(
  {
    /** The row's id, a cuid. */
    id: Schema.String,
    key: Schema.Struct({ id: Schema.String, remoteJid: Schema.String }, unknownFields),
    /** Seconds since 1970 UTC. */
    messageTimestamp: Schema.Int
  },
  unknownFields
)
export type FoundMessage = typeof FoundMessage.Type

export const FoundMessages = Schema.Struct({
  messages: Schema.Struct({
    total: Schema.Int,
    records: Schema.Array(FoundMessage)
  })
})
export type FoundMessages = typeof FoundMessages.Type
