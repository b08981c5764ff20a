/** QR codes, pairing codes, and links that show them to somebody without a key. */
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import {
  EvolutionRefused,
  EvolutionUnavailable,
  InstanceExists,
  InstanceNotFound,
  KeyRefused,
  LicenseRequired,
  NameImpossible
} from "../../Domain/EvolutionError.ts"
import { Qr } from "../../Domain/Instance.ts"
import { PairingCode, QrNotAvailable } from "../../Domain/Pairing.ts"
import { InstanceStatus } from "../../Domain/Status.ts"
import { Authorization, PairingAuthorization } from "./Authorization.ts"
import {
  AddressUnknown,
  Forbidden,
  OutcomeUnknown,
  ServerAmbiguous,
  ServerNotFound,
  ServerUnowned
} from "./Errors.ts"
import { Count, Digits, name, OfServer, server, status } from "./Parameters.ts"

export const QrFormat = Schema.Literal("json", "png", "svg")
export type QrFormat = typeof QrFormat.Type

export const QrQuery = Schema.Struct({
  /** Outranks the `Accept` header. */
  format: Schema.optional(QrFormat),
  /** Seconds to wait for a code; a proxy in between may time out earlier. */
  wait: Schema.optional(Count.pipe(Schema.between(0, 60))),
  /** Only codes with a higher `sequence`. */
  after: Schema.optional(Count),
  server
})

/** In seconds. */
export const linkLifetime = { shortest: 60, usual: 15 * 60, longest: 24 * 60 * 60 }

export const LinkWanted = Schema.Struct({
  /** Seconds until the link expires; 15 minutes if absent. */
  ttl: Schema.optional(Schema.Int.pipe(Schema.between(linkLifetime.shortest, linkLifetime.longest)))
}).annotations({ identifier: "LinkWanted", parseOptions: { onExcessProperty: "error" } })

export const PairingLink = Schema.Struct({
  /** The token is in the fragment, which browsers do not send to servers. */
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
      .annotate(OpenApi.Summary, "Read the current QR code; never asks Evolution for a new one")
      .annotate(
        OpenApi.Description,
        "As JSON; as a picture with `Accept: image/png` or `image/svg+xml`, or `?format=`."
      )
  )
  .add(
    HttpApiEndpoint.post("request")`/instances/${name}/qrcode`
      .setUrlParams(OfServer)
      .addSuccess(InstanceStatus, status(202))
      .addError(QrNotAvailable, status(409))
      .annotate(OpenApi.Summary, "Ask Evolution for QR codes, unless it is already giving some")
  )
  .add(
    HttpApiEndpoint.post("pair")`/instances/${name}/pair`
      .setUrlParams(OfServer)
      .setPayload(PairingWanted)
      .addSuccess(PairingCode)
      .addError(QrNotAvailable, status(409))
      .annotate(OpenApi.Summary, "Get a code to type on the phone instead of scanning")
  )
  .add(
    HttpApiEndpoint.post("link")`/instances/${name}/pairing-links`
      .setUrlParams(OfServer)
      .setPayload(LinkWanted)
      .addSuccess(PairingLink, status(201))
      .addError(AddressUnknown, status(409))
      .annotate(
        OpenApi.Summary,
        "Create a link that shows the codes of this instance to a person without a key"
      )
  )
  .addError(Forbidden, status(403))
  .addError(InstanceNotFound, status(404))
  .addError(ServerNotFound, status(404))
  .addError(InstanceExists, status(409))
  .addError(ServerAmbiguous, status(409))
  .addError(ServerUnowned, status(503))
  .addError(EvolutionRefused, status(400))
  .addError(NameImpossible, status(422))
  .addError(EvolutionUnavailable, status(502))
  .addError(KeyRefused, status(502))
  .addError(OutcomeUnknown, status(502))
  .addError(LicenseRequired, status(503))
  .middleware(Authorization)

/** Server-sent events: `pairing` for each change, at last `bye`. */
export const pairingPage = HttpApiGroup.make("pairingPage")
  .add(
    HttpApiEndpoint.get("stream", "/pairing/stream")
      .addSuccess(HttpApiSchema.Text({ contentType: "text/event-stream" }))
      .annotate(OpenApi.Summary, "Stream the codes and the state that a pairing link shows")
  )
  .addError(ServerUnowned, status(503))
  .middleware(PairingAuthorization)
