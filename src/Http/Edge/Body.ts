/** A request's body: whole, bounded in size and time, and JSON, before any handler asks for it. */
import type { IncomingMessage } from "node:http"
import { Headers, HttpMethod, type HttpServerRequest } from "@effect/platform"
import { NodeHttpServerRequest } from "@effect/platform-node"
import { Duration, Effect, Either, Option, Schema } from "effect"
import { isTooDeep, tooDeep } from "../../Domain/Nesting.ts"
import { BodyTooLarge, MalformedRequest, RequestTooSlow, UnsupportedMediaType } from "../Api.ts"

const maxBytes = 64 * 1024

const patience = Duration.seconds(10)

/**
 * Whoever is still sending when the connection is closed may never see the answer. So the rest of a
 * body that is too large is read for a while, and dropped.
 */
const maxDropped = 16 * 1024 * 1024
const dropFor = Duration.seconds(1)

export type Refusal = BodyTooLarge | MalformedRequest | RequestTooSlow | UnsupportedMediaType

/** The request with its body read; nothing comes of what is not JSON. */
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

/** As it was, but that it answers for its body itself: the connection has nothing left of it. */
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

/** Without a word about it, a body is taken for JSON. */
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

/** All of a body, within its bounds; when it says that it is too large, it is believed. */
const receive = (source: IncomingMessage, isTooLarge: boolean) =>
  Effect.gen(function* () {
    const bytes = isTooLarge
      ? undefined
      : yield* Effect.timeoutFail(collect(source, maxBytes), {
          duration: patience,
          onTimeout: () =>
            new RequestTooSlow({
              message: `The body did not come within ${Duration.format(patience)}`
            })
        })
    if (bytes !== undefined) return bytes
    yield* Effect.timeoutOption(Effect.ignore(drop(source)), dropFor)
    return yield* tooLarge
    // What stands around a handler is not interruptible, and a deadline that cannot interrupt is none.
  }).pipe(Effect.interruptible)

const brokenOff = () => new MalformedRequest({ message: "The body broke off" })

/** All there is to read; `undefined` as soon as there is more than this. */
const collect = (
  source: IncomingMessage,
  most: number
): Effect.Effect<Buffer | undefined, MalformedRequest> =>
  Effect.suspend(() => {
    const parts: Array<Buffer> = []
    let size = 0
    return consume(source, (part) => {
      size += part.length
      parts.push(part)
      return size <= most
    }).pipe(Effect.map((isAll) => (isAll ? Buffer.concat(parts) : undefined)))
  })

const drop = (source: IncomingMessage): Effect.Effect<boolean, MalformedRequest> =>
  Effect.suspend(() => {
    let size = 0
    return consume(source, (part) => {
      size += part.length
      return size <= maxDropped
    })
  })

/** Reads as long as `take` says so, and no further; says whether that was all. */
const consume = (
  source: IncomingMessage,
  take: (part: Buffer) => boolean
): Effect.Effect<boolean, MalformedRequest> =>
  Effect.async((resume) => {
    const onData = (part: Buffer) => {
      if (!take(part)) finish(Effect.succeed(false))
    }
    const onEnd = () => finish(Effect.succeed(true))
    const onClose = () => finish(brokenOff())
    const leave = () => {
      source.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose)
      source.pause()
    }
    const finish = (result: Effect.Effect<boolean, MalformedRequest>) => {
      leave()
      resume(result)
    }
    source.on("end", onEnd).on("close", onClose).on("error", onClose).on("data", onData).resume()
    return Effect.sync(leave)
  })
