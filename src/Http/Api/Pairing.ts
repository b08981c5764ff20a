/** Codes, and links that let somebody else scan them. */
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import {
  EvolutionRefused,
  EvolutionUnavailable,
  InstanceExists,
  InstanceNotFound,
  KeyRefused,
  LicenseRequired
} from "../../Domain/EvolutionError.ts"
import { Qr } from "../../Domain/Instance.ts"
import { PairingCode, QrNotAvailable } from "../../Domain/Pairing.ts"
import { InstanceStatus } from "../../Domain/Status.ts"
import { Authorization, PairingAuthorization } from "./Authorization.ts"
import { Forbidden } from "./Errors.ts"
import { Count, Digits, name, status } from "./Parameters.ts"

export const QrFormat = Schema.Literal("json", "png", "svg")
export type QrFormat = typeof QrFormat.Type

export const QrQuery = Schema.Struct({
  /** Outranks `Accept`. */
  format: Schema.optional(QrFormat),
  /** Seconds to wait for a code; a proxy in between may have less patience. */
  wait: Schema.optional(Count.pipe(Schema.between(0, 60))),
  /** Only a code with a higher sequence. */
  after: Schema.optional(Count)
})

/** Seconds. */
const linkLifetime = { shortest: 60, usual: 15 * 60, longest: 24 * 60 * 60 }

export const LinkWanted = Schema.Struct({
  /** Seconds until the link admits nobody any more. */
  ttl: Schema.optionalWith(
    Schema.Int.pipe(Schema.between(linkLifetime.shortest, linkLifetime.longest)),
    { default: () => linkLifetime.usual }
  )
}).annotations({ identifier: "LinkWanted", parseOptions: { onExcessProperty: "error" } })

export const PairingLink = Schema.Struct({
  /** The token is in the fragment, which browsers send to nobody. */
  url: Schema.String,
  expiresAt: Schema.DateTimeUtc
}).annotations({ identifier: "PairingLink" })

export const PairingWanted = Schema.Struct({ number: Digits }).annotations({
  identifier: "PairingWanted",
  parseOptions: { onExcessProperty: "error" }
})

export const pairing = HttpApiGroup.make("pairing")
  .add(
    HttpApiEndpoint.get("qrcode")`/instances/${name}/qrcode`
      .setUrlParams(QrQuery)
      .addSuccess(Qr)
      .addError(QrNotAvailable, status(404))
      .annotate(OpenApi.Summary, "The QR code to scan now, without asking Evolution for one")
      .annotate(
        OpenApi.Description,
        "As JSON; as a picture with `Accept: image/png` or `image/svg+xml`, or `?format=`."
      )
  )
  .add(
    HttpApiEndpoint.post("request")`/instances/${name}/qrcode`
      .addSuccess(InstanceStatus, status(202))
      .addError(QrNotAvailable, status(409))
      .annotate(OpenApi.Summary, "Have Evolution begin a round of codes, where none is under way")
  )
  .add(
    HttpApiEndpoint.post("pair")`/instances/${name}/pair`
      .setPayload(PairingWanted)
      .addSuccess(PairingCode)
      .addError(QrNotAvailable, status(409))
      .annotate(OpenApi.Summary, "A code to type on the phone of a number instead of scanning")
  )
  .add(
    HttpApiEndpoint.post("link")`/instances/${name}/pairing-links`
      .setPayload(LinkWanted)
      .addSuccess(PairingLink, status(201))
      .annotate(OpenApi.Summary, "A link that shows this instance's codes to who has no key")
  )
  .addError(Forbidden, status(403))
  .addError(InstanceNotFound, status(404))
  .addError(InstanceExists, status(409))
  .addError(EvolutionRefused, status(400))
  .addError(EvolutionUnavailable, status(502))
  .addError(KeyRefused, status(502))
  .addError(LicenseRequired, status(503))
  .middleware(Authorization)

/** Server-sent events: `pairing` with each change, at last `bye`. */
export const pairingPage = HttpApiGroup.make("pairingPage")
  .add(
    HttpApiEndpoint.get("stream", "/pairing/stream")
      .addSuccess(HttpApiSchema.Text({ contentType: "text/event-stream" }))
      .annotate(OpenApi.Summary, "What the holder of a pairing link may see, as it changes")
  )
  .middleware(PairingAuthorization)
