/** What every request meets around its handler: bounds, and the errors no handler knows, as typed JSON. */
import {
  HttpApiError,
  HttpLayerRouter,
  HttpServerError,
  HttpServerRequest,
  HttpServerResponse
} from "@effect/platform"
import { Cause, Effect, Option, Schema } from "effect"
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
import { ApiKey } from "./ApiKey.ts"
import { withBody } from "./Edge/Body.ts"
import { counted } from "./Edge/RequestMetrics.ts"
import { answerHeaders } from "./Edge/Server.ts"

const answer = <A, I>(
  schema: Schema.Schema<A, I>,
  status: number,
  error: A,
  headers: Record<string, string> = {}
) => HttpServerResponse.unsafeJson(Schema.encodeSync(schema)(error), { status, headers })

/** Where the rest of a body is not read, the connection is of no more use. */
const close = { connection: "close" }

/** What arrives here is a body that could not be read, an interrupted request, or a bug of ours. */
const toAnswer =
  (request: HttpServerRequest.HttpServerRequest) => (cause: Cause.Cause<unknown>) => {
    const error = Cause.squash(cause)
    if (Cause.isInterruptedOnly(cause)) return Effect.failCause(cause)
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

/** The text of an answer that is JSON; the streams and files of others are left alone. */
const textOf = ({ body }: HttpServerResponse.HttpServerResponse): string | undefined =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : undefined

/** Effect's words about a request that does not decode repeat what was sent; ours do not. */
const withoutValues = (response: HttpServerResponse.HttpServerResponse) => {
  if (response.status !== 400) return response
  const failure = decodeFailure(textOf(response))
  if (Option.isNone(failure)) return response
  // What may be absent is a union with `undefined`, which nobody sends.
  const told = failure.value.issues.filter(
    ({ message }) => !message.startsWith("Expected undefined")
  )
  const issues = (told.length > 0 ? told : failure.value.issues).map((issue) => ({
    ...issue,
    // The schema of a whole body has no name that a caller would know.
    message:
      issue.message
        .split(", actual ")[0]
        ?.replace("Struct (Encoded side)", "an object")
        .replace(/^Unable to decode .* into/s, "Expected") ?? ""
  }))
  const message = issues.map((issue) => [...issue.path, issue.message].join(": ")).join("; ")
  return answer(
    HttpApiError.HttpApiDecodeError,
    400,
    new HttpApiError.HttpApiDecodeError({ issues, message })
  )
}

/** An error may repeat what others said, or what was asked. */
const withoutSecrets = (scrub: Scrub) => (response: HttpServerResponse.HttpServerResponse) => {
  const { headers, status } = response
  const text = status < 400 ? undefined : textOf(response)
  if (text === undefined || !scrub.tells(text)) return response
  return Option.match(parseJson(text), {
    onNone: () => HttpServerResponse.text(scrub.blot(text), { status, headers }),
    onSome: (error) => HttpServerResponse.unsafeJson(clean(error, scrub.blot), { status, headers })
  })
}

const parseJson = Schema.decodeOption(Schema.parseJson())

/** Answers are for who asked, at the moment of asking; some are credentials. Pages say this themselves. */
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

export const layer = HttpLayerRouter.middleware(
  // Any layer may have given the key, and not every one adds it.
  Effect.map(Effect.zipLeft(Secrets.scrub, Effect.flatMap(ApiKey, Secrets.add)), (scrub) => {
    return (
      app: Effect.Effect<
        HttpServerResponse.HttpServerResponse,
        unknown,
        HttpServerRequest.HttpServerRequest
      >
    ) =>
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
  }),
  { global: true }
)
