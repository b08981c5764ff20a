/** Reads the body of a request before its handler runs: whole, bounded in size and time, and JSON. */
import type { IncomingMessage } from "node:http"
import { finished } from "node:stream/promises"
import { Headers, HttpMethod, type HttpServerRequest } from "@effect/platform"
import { NodeHttpServerRequest } from "@effect/platform-node"
import { Duration, Effect, Either, Option, Schema } from "effect"
import { isTooDeep, tooDeep } from "../../Domain/Nesting.ts"
import { BodyTooLarge, MalformedRequest, RequestTooSlow, UnsupportedMediaType } from "../Api.ts"

const maxBytes = 64 * 1024

const patience = Duration.seconds(10)

const dropFor = Duration.seconds(1)

export type Refusal = BodyTooLarge | MalformedRequest | RequestTooSlow | UnsupportedMediaType

/** The request with its body read and parsed; fails if the body is not JSON. */
export const withBody = (
  request: HttpServerRequest.HttpServerRequest
): Effect.Effect<HttpServerRequest.HttpServerRequest, Refusal> => {
  const { "content-length": length = "0", "transfer-encoding": coding } = request.headers
  if (coding === undefined && Number(length) === 0)
    return Effect.succeed(HttpMethod.hasBody(request.method) ? read(request, "", null) : request)
  return Effect.gen(function* () {
    const bytes = yield* receive(
      NodeHttpServerRequest.toIncomingMessage(request),
      Number(length) > maxBytes
    )
    if (bytes.length === 0) return read(request, "", null)
    if (!isJson(request.headers["content-type"])) return yield* unsupported
    const text = yield* decodeText(bytes)
    const value = yield* parse(text)
    if (isTooDeep(value)) return yield* new MalformedRequest({ message: `The body is ${tooDeep}` })
    return read(request, text, value)
  })
}

/** The request with its body in memory, because the connection has nothing left of it. */
const read = (
  request: HttpServerRequest.HttpServerRequest,
  text: string,
  json: unknown
): HttpServerRequest.HttpServerRequest =>
  Object.create(request, {
    headers: { value: Headers.set(request.headers, "content-type", "application/json") },
    text: { value: Effect.succeed(text) },
    json: { value: Effect.succeed(json) }
  })

/** A body without a content type is taken for JSON. */
const isJson = (contentType: string | undefined): boolean =>
  contentType === undefined ||
  /^\s*application\/json\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*)?;?\s*$/i.test(contentType)

const unsupported = new UnsupportedMediaType({
  message: 'Send JSON, with "content-type: application/json"'
})

const notJson = () => new MalformedRequest({ message: "The body is not JSON" })

const decodeText = (bytes: Uint8Array) =>
  Either.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    catch: () => new MalformedRequest({ message: "The body is not UTF-8" })
  })

const parseJson = Schema.decodeOption(Schema.parseJson())
const parse = (text: string) =>
  Option.match(parseJson(text), { onNone: () => Either.left(notJson()), onSome: Either.right })

const tooLarge = new BodyTooLarge({ message: `A body has at most ${maxBytes} bytes`, maxBytes })

/** All of a body, within its bounds. A content-length that is too large is taken at its word. */
const receive = (source: IncomingMessage, isTooLarge: boolean) =>
  Effect.gen(function* () {
    const bytes = isTooLarge
      ? undefined
      : yield* Effect.timeoutFail(collect(source), {
          duration: patience,
          onTimeout: () =>
            new RequestTooSlow({
              message: `The body did not come within ${Duration.format(patience)}`
            })
        })
    if (bytes !== undefined) return bytes
    yield* drop(source)
    return yield* tooLarge
    // The router runs middleware uninterruptible, and a time-out has to interrupt.
  }).pipe(Effect.interruptible)

/** All there is to read; `undefined` if it is more than `maxBytes`, and then the rest is not read. */
const collect = (source: IncomingMessage) =>
  Effect.tryPromise({
    try: async () => {
      const parts: Array<Buffer> = []
      let size = 0
      for await (const part of source.iterator({ destroyOnReturn: false })) {
        size += part.length
        if (size > maxBytes) return undefined
        parts.push(part)
      }
      return Buffer.concat(parts)
    },
    catch: () => new MalformedRequest({ message: "The body broke off" })
  })

/**
 * Reads the rest of a body for a while, and drops it: a caller that is still sending when the connection
 * closes may never see the answer.
 */
const drop = (source: IncomingMessage) =>
  Effect.ignore(
    Effect.timeoutOption(
      Effect.tryPromise(() => finished(source.resume())),
      dropFor
    )
  )
