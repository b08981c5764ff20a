/** Ways to ask Evolution over REST. */
import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { Duration, Effect, Redacted, type Schema } from "effect"
import * as AppConfig from "../../AppConfig.ts"
import * as ClockOffset from "../../Domain/ClockOffset.ts"
import {
  type EvolutionError,
  EvolutionUnavailable,
  NameImpossible
} from "../../Domain/EvolutionError.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import * as Secrets from "../../Telemetry/Secrets.ts"
import * as About from "./About.ts"
import { accept, isOwn, read } from "./Answer.ts"
import * as Heavy from "./Heavy.ts"
import * as Traced from "./Traced.ts"

const callTimeout = Duration.seconds(10)

export interface Asked {
  readonly name?: InstanceName | undefined
  readonly timeout?: Duration.Duration
  /** Secrets in the request. They are taken out of the answer. */
  readonly secrets?: ReadonlyArray<Redacted.Redacted>
}

/**
 * The four ways to ask: `exchange` for any answer, `call` for a decoded one, `safely` for repeatable calls,
 * `heavily` for repeatable calls that Evolution may take minutes to answer.
 */
export const make = Effect.gen(function* () {
  const { apiKey, url } = yield* AppConfig.Evolution
  const secrets = yield* Secrets.scrub
  const http = (yield* HttpClient.HttpClient).pipe(
    HttpClient.mapRequest(HttpClientRequest.prependUrl(url.href)),
    HttpClient.withTracerPropagation(false),
    // `Traced` makes the span: the client's own has addresses and headers in it.
    HttpClient.withTracerDisabledWhen(() => true)
  )
  const clock = yield* measureClock

  const exchange = (
    request: HttpClientRequest.HttpClientRequest,
    { name, secrets: more = [], timeout = callTimeout }: Asked = {}
  ) => {
    const scrub = more.reduce((known, secret) => known.and(Redacted.value(secret)), secrets)
    return Effect.flatMap(clock.now, ({ wall: asked }) =>
      http.execute(request).pipe(
        // A client on `fetch` would follow a redirect, and take the key along.
        Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }),
        Effect.tap(Traced.answer),
        Effect.flatMap((response) =>
          Effect.flatMap(clock.now, (answered) =>
            Effect.tap(read(scrub)(response), (answer) =>
              isOwn(answer) ? clock.told(response.headers, asked, answered) : Effect.void
            )
          )
        )
      )
    ).pipe(
      Effect.mapError(({ cause, message }) => {
        const detail = cause instanceof Error ? String(cause.cause ?? cause.message) : message
        return unavailable(scrub.words(`Cannot reach Evolution: ${detail}`))
      }),
      Effect.timeoutFail({
        duration: timeout,
        onTimeout: () => unavailable(`Evolution did not answer within ${Duration.format(timeout)}`)
      }),
      Traced.call(request, name)
    )
  }

  const call = <A, I>(
    schema: Schema.Schema<A, I>,
    request: HttpClientRequest.HttpClientRequest,
    asked: Asked = {}
  ): Effect.Effect<A, EvolutionError> => {
    const { name = "" } = asked
    if (!About.isPossible(request)) return NameImpossible.inPath(name)
    return request.pipe(
      HttpClientRequest.setHeader("apikey", Redacted.value(apiKey)),
      (authorized) => exchange(authorized, asked),
      Effect.flatMap(accept(schema, name))
    )
  }

  const safely = <A>(effect: Effect.Effect<A, EvolutionError>) =>
    Effect.retry(effect, {
      schedule: Heavy.retryPolicy,
      while: (error) => error._tag === "EvolutionUnavailable"
    })

  return { call, clockOffset: clock.offset, exchange, heavily: Heavy.make().ask, safely, secrets }
})

/** Compares our clock with Evolution's, from its own answers: an intermediary's has another clock. */
const measureClock = Effect.map(Effect.clock, (clock) => {
  const server = ClockOffset.ofServer()
  const now = Effect.sync(() => ClockOffset.momentOf(clock))
  return {
    now,
    told: (
      { age, date }: Readonly<Record<string, string>>,
      asked: number,
      answered: ClockOffset.Moment
    ) =>
      Effect.sync(() => {
        // A stored answer has the time at which it was stored.
        if (age === undefined) server.answered(date, asked, answered)
      }),
    offset: Effect.map(now, server.offset)
  }
})

export const unavailable = (message: string, status: number | null = null) =>
  new EvolutionUnavailable({ message, status })
