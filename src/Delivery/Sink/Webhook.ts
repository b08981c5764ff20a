/**
 * A receiver by HTTP. Messages are signed as Standard Webhooks 1.0 has it, whatever their shape. Proxies in the
 * environment are not used: a proxy would resolve names itself, behind the guard's back.
 */
import { type Dispatcher, Pool } from "@effect/platform-node/Undici"
import { Clock, Effect, Either, Redacted, type Scope } from "effect"
import type { Shape as ShapeName } from "../../Domain/Endpoint.ts"
import { version } from "../../Domain/Version.ts"
import { Secrets } from "../../Telemetry/Secrets.ts"
import { type Connector, Guard } from "../Guard.ts"
import * as Shape from "../Shape.ts"
import * as Signature from "../Signature.ts"
import { type Delivered, DeliveryFailed, type Outgoing, type Sink } from "../Sink.ts"
import { bearer } from "./Webhook/Bearer.ts"
import { exchangeOnKept, type Outcome } from "./Webhook/Exchange.ts"
import * as Failure from "./Webhook/Failure.ts"

export interface Options {
  /** Without user, password and fragment. */
  readonly url: string
  readonly headers?: Readonly<Record<string, Redacted.Redacted>>
  /** Secrets to sign with, `whsec_…`: at least one; two while one replaces the other. */
  readonly signing: ReadonlyArray<Redacted.Redacted>
  /** Seconds in which the receiver has to answer, the time for a connection included. */
  readonly timeout: number
  readonly shape: ShapeName
  /** With the shape `evolution`: the name of the event follows the path. */
  readonly byEvents?: boolean
  /** Fields of the shape `evolution` that the log does not have. Left out: the body has none of them. */
  readonly beside?: Shape.Beside
}

const nothingBeside: Shape.Beside = { sender: () => undefined, serverUrl: () => undefined }

/** Opens no connection before the first message. Every connection ends with the scope. */
export const make = (options: Options): Effect.Effect<Sink, never, Guard | Scope.Scope> =>
  Effect.gen(function* () {
    const guard = yield* Guard
    const { scrub } = yield* Secrets
    const { headers = {}, signing, timeout } = options
    const url = new URL(options.url)
    const remembered = remembering(guard.connector(url))
    let pool: Pool | undefined
    // A delivery has a time for all of it.
    const timeouts = { headersTimeout: 0, bodyTimeout: 0 }
    // It takes 20 KiB, and an endpoint may never have a message.
    const opened = () => {
      pool ??= new Pool(url.origin, { connect: remembered.connect, ...timeouts })
      return pool
    }
    // A pool that was never opened is so, too: it takes no message any more.
    yield* Effect.addFinalizer(() => Effect.promise(() => opened().destroy()))

    const sign = signing.length === 0 ? Either.left("Expected a secret") : Signature.signer(signing)
    if (Either.isLeft(sign))
      return failing(`Cannot sign: ${sign.left}. Rotate the secret of the endpoint`)

    const words = scrubbing(scrub, [...signing, ...Object.values(headers)])
    const requestOf = writer(options, url, sign.right)

    const outcomeOf = (outcome: Outcome, now: number): Effect.Effect<Delivered, DeliveryFailed> => {
      const address = remembered.last()
      switch (outcome._tag) {
        case "Answered": {
          const { status } = outcome
          return status >= 200 && status < 300
            ? Effect.succeed({ status })
            : Effect.fail(Failure.ofAnswer(outcome, { now, address, scrub: words }))
        }
        case "Failed":
          return Effect.fail(Failure.ofError(outcome.error, address))
        case "Late":
          return Effect.fail(Failure.late(timeout, address))
      }
    }

    return {
      send: (message) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          Effect.async<Delivered, DeliveryFailed>((resume) => {
            const abandon = exchangeOnKept(
              opened(),
              requestOf(message, now),
              timeout * 1000,
              remembered.count,
              (outcome) => resume(outcomeOf(outcome, now))
            )
            return Effect.sync(abandon)
          })
        )
    }
  })

const failing = (message: string): Sink => ({
  send: () => new DeliveryFailed({ kind: "ours", message })
})

/** Counts connections, and knows the address of the last one: a receiver has mostly one. */
const remembering = (connector: Connector) => {
  let count = 0
  let last: string | undefined
  const connect: Connector = (target, done) =>
    connector(target, (...result) => {
      count++
      last = result[1]?.remoteAddress ?? last
      done(...result)
    })
  return { connect, count: () => count, last: () => last }
}

/** Removes the endpoint's own secrets, too: a receiver may repeat what it was sent. */
const scrubbing =
  (scrub: (typeof Secrets)["Service"]["scrub"], secrets: ReadonlyArray<Redacted.Redacted>) =>
  (text: string): string =>
    secrets
      .map(Redacted.value)
      .flatMap((secret) => [secret, secret.replace(/^whsec_/, "")])
      .reduce((known, secret) => known.and(secret), scrub)
      .words(text)

/** Evolution's webhook makes a token of this header. */
const keyOfToken = "jwt_key"

/** Makes the requests of one endpoint. */
const writer = (
  { beside = nothingBeside, byEvents = false, headers = {}, shape, url: address }: Options,
  url: URL,
  sign: Signature.Sign
) => {
  const isEvolutions = shape === "evolution"
  const shapes = { shape, url: address, beside }
  const given = Object.entries(headers)
  const tokenKey = isEvolutions
    ? given.find(([name]) => name.toLowerCase() === keyOfToken)?.[1]
    : undefined
  const isReplaced = (name: string) =>
    tokenKey !== undefined && /^(?:jwt_key|authorization)$/i.test(name)
  const all = new Map([
    ["content-type", "application/json"],
    ["user-agent", `evolution-listener/${version}`],
    ...given
      .filter(([name]) => !isReplaced(name))
      .map(([name, value]) => [name.toLowerCase(), Redacted.value(value)] as const)
  ])
  const always = [...all].flat()

  return (message: Outgoing, now: number): Dispatcher.DispatchOptions => {
    // These very bytes are signed and sent.
    const body = Buffer.from(Shape.bodyOf(message, shapes, now))
    const seconds = Math.floor(now / 1000)
    const own = [
      "webhook-id",
      message.id,
      "webhook-timestamp",
      String(seconds),
      "webhook-signature",
      sign(message.id, seconds, body)
    ]
    if (message.isReplay) own.push("webhook-replay", "true")
    if (tokenKey !== undefined) own.push("authorization", bearer(tokenKey, now))
    const path =
      isEvolutions && byEvents
        ? Shape.pathOf(url.pathname, Shape.nameOf(message.item))
        : url.pathname
    return {
      origin: url.origin,
      path: path + url.search,
      method: "POST",
      headers: always.concat(own),
      body
    }
  }
}
