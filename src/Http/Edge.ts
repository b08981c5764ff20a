/** Middleware around every handler: bounds of the request, and errors that no handler knows as typed JSON. */
import {
  HttpApiError,
  HttpLayerRouter,
  HttpServerError,
  HttpServerRequest,
  HttpServerResponse
} from "@effect/platform"
import { Cause, Effect, Option, Schema } from "effect"
import { ApiKey } from "../Access/ApiKey.ts"
import { clean } from "../Domain/Json.ts"
import type { Scrub } from "../Domain/Scrub.ts"
import * as Secrets from "../Telemetry/Secrets.ts"
import {
  BodyTooLarge,
  InternalError,
  MalformedRequest,
  RequestTooSlow,
  RouteNotFound,
  UnsupportedMediaType
} from "./Api.ts"
import { withBody } from "./Edge/Body.ts"
import { counted } from "./Edge/RequestMetrics.ts"
import { answerHeaders } from "./Edge/Server.ts"
import { Peers } from "./Peers.ts"

const answer = <A, I>(
  schema: Schema.Schema<A, I>,
  status: number,
  error: A,
  headers: Record<string, string> = {}
) => HttpServerResponse.unsafeJson(Schema.encodeSync(schema)(error), { status, headers })

/** The connection cannot be used again if the rest of a body was not read. */
const close = { connection: "close" }

/** Maps a cause to an answer: no such route, a body that cannot be read, or a bug of ours. */
const toAnswer =
  (request: HttpServerRequest.HttpServerRequest) => (cause: Cause.Cause<unknown>) => {
    const error = Cause.squash(cause)
    if (Cause.isInterruptedOnly(cause)) return Effect.failCause(cause)
    // Another replica gave it.
    if (HttpServerResponse.isServerResponse(error)) return Effect.succeed(error)
    if (error instanceof HttpServerError.RouteNotFound) return noSuchRoute(request)
    if (error instanceof BodyTooLarge)
      return Effect.succeed(answer(BodyTooLarge, 413, error, close))
    if (error instanceof RequestTooSlow)
      return Effect.succeed(answer(RequestTooSlow, 408, error, close))
    if (error instanceof UnsupportedMediaType)
      return Effect.succeed(answer(UnsupportedMediaType, 415, error))
    if (error instanceof MalformedRequest)
      return Effect.succeed(answer(MalformedRequest, 400, error))
    return Effect.as(
      Effect.logError("A request met a bug of ours", cause),
      answer(InternalError, 500, new InternalError({ message: "A bug of ours; see the log" }))
    )
  }

const decodeFailure = Schema.decodeUnknownOption(Schema.parseJson(HttpApiError.HttpApiDecodeError))

/** The text of an answer that is in memory; streams have none. */
const textOf = ({ body }: HttpServerResponse.HttpServerResponse): string | undefined =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : undefined

/**
 * Rewrites Effect's messages about a request that does not decode: they repeat values that were sent.
 * This depends on Effect's wording, which `test/Http/Edge/Wording.test.ts` pins.
 */
const withoutValues = (response: HttpServerResponse.HttpServerResponse) => {
  if (response.status !== 400) return response
  const failure = decodeFailure(textOf(response))
  if (Option.isNone(failure)) return response
  // An optional field is a union with `undefined`, which no caller can send.
  const told = failure.value.issues.filter(
    ({ message }) => !message.startsWith("Expected undefined")
  )
  const issues = (told.length > 0 ? told : failure.value.issues).map((issue) => ({
    ...issue,
    message:
      issue.message
        .split(", actual ")[0]
        // Callers do not know our name for the schema of a whole body.
        ?.replace(/^Expected [A-Z]\w*$/, "Expected an object")
        .replace(/^Unable to decode .* into/s, "Expected") ?? ""
  }))
  const message = issues.map((issue) => [...issue.path, issue.message].join(": ")).join("; ")
  return answer(
    HttpApiError.HttpApiDecodeError,
    400,
    new HttpApiError.HttpApiDecodeError({ issues, message })
  )
}

/** Redacts secrets in errors, which may repeat the request or the words of Evolution and Postgres. */
const withoutSecrets = (scrub: Scrub) => (response: HttpServerResponse.HttpServerResponse) => {
  const { headers, status } = response
  const text = status < 400 ? undefined : textOf(response)
  if (text === undefined || !scrub.mayHoldSecret(text)) return response
  return Option.match(parseJson(text), {
    onNone: () => HttpServerResponse.text(scrub.blot(text), { status, headers }),
    onSome: (error) => HttpServerResponse.unsafeJson(clean(error, scrub.blot), { status, headers })
  })
}

const parseJson = Schema.decodeOption(Schema.parseJson())

/** Keeps answers out of caches: some are credentials. Pages set these headers themselves. */
const guarded = (response: HttpServerResponse.HttpServerResponse) =>
  HttpServerResponse.setHeaders(response, { ...answerHeaders, ...response.headers })

export const noSuchRoute = ({ method, url }: HttpServerRequest.HttpServerRequest) =>
  Effect.succeed(
    answer(
      RouteNotFound,
      404,
      new RouteNotFound({ message: `No such route: ${method} ${url.split("?")[0]}; see /docs` })
    )
  )

const around = Effect.zipWith(
  // An embedder's layer of ApiKey may not add its key to the secrets.
  Effect.zipLeft(Secrets.scrub, Effect.flatMap(ApiKey, Secrets.add)),
  Peers,
  (scrub, { admit }) =>
    (
      app: Effect.Effect<
        HttpServerResponse.HttpServerResponse,
        unknown,
        HttpServerRequest.HttpServerRequest
      >
    ) =>
      admit(
        Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
          withBody(request).pipe(
            Effect.flatMap((read) =>
              Effect.provideService(app, HttpServerRequest.HttpServerRequest, read)
            ),
            Effect.catchAllCause(toAnswer(request)),
            Effect.map(withoutValues),
            Effect.map(withoutSecrets(scrub)),
            Effect.map(guarded),
            counted
          )
        )
      )
)

/** Around every request of a server that is ours alone, those without a route, too. */
export const layer = HttpLayerRouter.middleware(around, { global: true })

/** Around the routes that it is provided to, beside those of the program. */
export const beside = HttpLayerRouter.middleware(around).layer
