/** What every request meets around its handler: bounds, and the errors no handler knows, as typed JSON. */
import {
  FileSystem,
  HttpApiError,
  HttpIncomingMessage,
  HttpLayerRouter,
  HttpServerError,
  HttpServerRequest,
  HttpServerResponse
} from "@effect/platform"
import { Cause, Effect, Layer, Option, Schema } from "effect"
import { BodyTooLarge, InternalError, MalformedRequest, RouteNotFound } from "./Api.ts"

const maxBodyBytes = 64 * 1024

const answer = <A, I>(
  schema: Schema.Schema<A, I>,
  status: number,
  error: A,
  headers: Record<string, string> = {}
) => HttpServerResponse.unsafeJson(Schema.encodeSync(schema)(error), { status, headers })

const tooLarge = () =>
  answer(
    BodyTooLarge,
    413,
    new BodyTooLarge({
      message: `A body has at most ${maxBodyBytes} bytes`,
      maxBytes: maxBodyBytes
    }),
    // The rest of the body is not read, so the connection is of no more use.
    { connection: "close" }
  )

/** What arrives here is a body that could not be read, an interrupted request, or a bug of ours. */
const toAnswer =
  (request: HttpServerRequest.HttpServerRequest) => (cause: Cause.Cause<unknown>) => {
    const error = Cause.squash(cause)
    if (Cause.isInterruptedOnly(cause)) return Effect.failCause(cause)
    // A path that does not decode matches no route, not even the one for everything.
    if (error instanceof HttpServerError.RouteNotFound) return noSuchRoute(request)
    if (error instanceof HttpServerError.RequestError)
      return Effect.succeed(
        /maxBytes/.test(String(error.cause))
          ? tooLarge()
          : answer(MalformedRequest, 400, new MalformedRequest({ message: "The body is not JSON" }))
      )
    return Effect.as(
      Effect.logError("A request met a bug of ours", cause),
      answer(InternalError, 500, new InternalError({ message: "A bug of ours; see the log" }))
    )
  }

const decodeFailure = Schema.decodeUnknownOption(Schema.parseJson(HttpApiError.HttpApiDecodeError))

/** Effect's words about a request that does not decode repeat what was sent; ours do not. */
const withoutValues = (response: HttpServerResponse.HttpServerResponse) => {
  if (response.status !== 400 || response.body._tag !== "Uint8Array") return response
  const failure = decodeFailure(new TextDecoder().decode(response.body.body))
  if (Option.isNone(failure)) return response
  // What may be absent is a union with `undefined`, which nobody sends.
  const told = failure.value.issues.filter(
    ({ message }) => !message.startsWith("Expected undefined")
  )
  const issues = (told.length > 0 ? told : failure.value.issues).map((issue) => ({
    ...issue,
    // The schema of a whole body has no name that a caller would know.
    message:
      issue.message.split(", actual ")[0]?.replace("Struct (Encoded side)", "an object") ?? ""
  }))
  const message = issues.map((issue) => [...issue.path, issue.message].join(": ")).join("; ")
  return answer(
    HttpApiError.HttpApiDecodeError,
    400,
    new HttpApiError.HttpApiDecodeError({ issues, message })
  )
}

const bounds = HttpLayerRouter.middleware(
  (app) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
      Number(request.headers["content-length"] ?? 0) > maxBodyBytes
        ? Effect.succeed(tooLarge())
        : app.pipe(
            HttpIncomingMessage.withMaxBodySize(Option.some(FileSystem.Size(maxBodyBytes))),
            Effect.catchAllCause(toAnswer(request)),
            Effect.map(withoutValues),
            Effect.map(unstored)
          )
    ),
  { global: true }
)

/** Answers are for who asked, at the moment of asking; some are credentials. */
const unstored = (response: HttpServerResponse.HttpServerResponse) =>
  "cache-control" in response.headers
    ? response
    : HttpServerResponse.setHeader(response, "cache-control", "no-store")

export const noSuchRoute = ({ method, url }: HttpServerRequest.HttpServerRequest) =>
  Effect.succeed(
    answer(
      RouteNotFound,
      404,
      new RouteNotFound({ message: `No such route: ${method} ${url.split("?")[0]}; see /docs` })
    )
  )

export const layer = Layer.mergeAll(bounds, HttpLayerRouter.add("*", "/*", noSuchRoute))
