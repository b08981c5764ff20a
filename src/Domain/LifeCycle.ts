/** Life-cycle events: the events about an instance itself, decoded strictly. */
import { Either, type ParseResult, Redacted, Schema } from "effect"
import { clean, optionalOrNull } from "./Json.ts"
import type { Scrub } from "./Scrub.ts"

const QrcodeShown = Schema.Struct({
  qrcode: Schema.Struct({
    code: Schema.NonEmptyString,
    base64: optionalOrNull(Schema.String),
    pairingCode: optionalOrNull(Schema.String)
  })
})

/** Baileys' and Boom's codes look like HTTP's. The bound is that of an `integer` column. */
const StatusCode = Schema.Int.pipe(Schema.between(0, 2 ** 31 - 1))

const QrcodeLimit = Schema.Struct({ message: Schema.String, statusCode: StatusCode })

const ConnectionUpdate = Schema.Struct({
  state: Schema.Literal("open", "connecting", "close", "refused", "removed", "unknown"),
  statusReason: optionalOrNull(StatusCode),
  wuid: optionalOrNull(Schema.String),
  profileName: optionalOrNull(Schema.String),
  profilePictureUrl: optionalOrNull(Schema.String),
  /** The profile, in versions before 2.2.1. */
  phone: optionalOrNull(
    Schema.Struct({ number: optionalOrNull(Schema.String), name: optionalOrNull(Schema.String) })
  )
})

const InstanceIdentity = Schema.Struct({
  instanceName: Schema.String,
  instanceId: Schema.String
})

/** A row of Evolution's list of instances, as far as it tells more than the log has. Ours, as a snapshot. */
const InstanceUpdated = Schema.Struct({
  instanceId: Schema.String,
  integration: Schema.NullOr(Schema.String),
  /** ISO 8601, by Evolution's clock. */
  createdAt: Schema.NullOr(Schema.String),
  /** `null`: no phone is linked. Left out: the list does not tell. */
  profile: Schema.optional(
    Schema.NullOr(
      Schema.Struct({
        phone: Schema.NullOr(Schema.String),
        name: Schema.NullOr(Schema.String),
        pictureUrl: Schema.NullOr(Schema.String)
      })
    )
  )
})

const StatusInstance = Schema.Struct({
  instance: Schema.String,
  status: Schema.String,
  disconnectionReasonCode: optionalOrNull(StatusCode),
  disconnectionAt: optionalOrNull(Schema.String)
})

/** The data of each life-cycle event, by wire name. */
export const schemas = {
  "qrcode.updated": Schema.Union(QrcodeShown, QrcodeLimit),
  "connection.update": ConnectionUpdate,
  "instance.create": InstanceIdentity,
  "instance.delete": InstanceIdentity,
  "instance.updated": InstanceUpdated,
  "logout.instance": Schema.Null,
  "remove.instance": Schema.Null,
  "status.instance": StatusInstance
}
export type Name = keyof typeof schemas
export type Data<Event extends Name> = (typeof schemas)[Event]["Type"]
export type LifeCycle = {
  readonly [Event in Name]: { readonly event: Event; readonly data: Data<Event> }
}[Name]

/** Redacted: it may hold a QR code. */
export type Decoded = Redacted.Redacted<LifeCycle>

const decoders = new Map(
  Object.entries(schemas).map(([name, schema]) => [
    name,
    // A schema is invariant, so the union of them has no type to decode to but `unknown`.
    Schema.decodeUnknownEither(schema as Schema.Schema<unknown>)
  ])
)

/** Decodes a life-cycle event, its codes included; `null` for any other event. */
export const decode = (
  event: string,
  data: unknown,
  scrub: Scrub
): Either.Either<Decoded | null, ParseResult.ParseError> => {
  const decoder = decoders.get(event)
  if (decoder === undefined) return Either.right(null)
  // `decoders` pairs name and data, which the type of a map cannot say.
  return Either.map(decoder(data), (decoded) =>
    Redacted.make({ event, data: clean(decoded, scrub.ours) } as LifeCycle)
  )
}

/** The wire names of the life-cycle events. */
export const names: ReadonlyArray<string> = [...decoders.keys()]

/** True for the wire name of a life-cycle event. */
export const isLifeCycle = (event: string): boolean => decoders.has(event)
