/** A QR code as a picture or as JSON, by the caller's preference. */
import { type HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Effect, Schema } from "effect"
import Negotiator from "negotiator"
import QRCode from "qrcode"
import { Qr } from "../Domain/Instance.ts"
import type { QrFormat } from "./Api/Pairing.ts"

/** The quiet zone in modules, by ISO/IEC 18004. */
const margin = 4

/** Evolution's own picture, or one drawn from the code. */
export const png = ({ base64, code }: Qr): Effect.Effect<Uint8Array> => {
  const sent = Buffer.from(base64?.match(/^data:image\/png;base64,(.+)$/)?.[1] ?? "", "base64")
  return isPng(sent)
    ? Effect.succeed(sent)
    : Effect.promise(() => QRCode.toBuffer(code, { type: "png", margin, scale: 8 }))
}

export const svg = ({ code }: Qr): Effect.Effect<string> =>
  Effect.promise(() => QRCode.toString(code, { type: "svg", margin }))

/** Formats by media type. */
const formats: Readonly<Record<string, QrFormat>> = {
  "application/json": "json",
  "image/png": "png",
  "image/svg+xml": "svg"
}

/** The format that `Accept` prefers; JSON if it prefers none. */
export const preferred = ({ headers }: HttpServerRequest.HttpServerRequest): QrFormat =>
  formats[new Negotiator({ headers }).mediaType(Object.keys(formats)) ?? ""] ?? "json"

export const respond = (
  qr: Qr,
  format: QrFormat
): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  const headers = { vary: "accept" }
  switch (format) {
    case "png":
      return Effect.map(png(qr), (bytes) =>
        HttpServerResponse.uint8Array(bytes, { contentType: "image/png", headers })
      )
    case "svg":
      return Effect.map(svg(qr), (text) =>
        HttpServerResponse.text(text, { contentType: "image/svg+xml", headers })
      )
    case "json":
      return Effect.succeed(HttpServerResponse.unsafeJson(encode(qr), { headers }))
  }
}

const encode = Schema.encodeSync(Qr)
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const isPng = (bytes: Buffer): boolean => bytes.subarray(0, signature.length).equals(signature)
