/** Decodes an HTTP answer of Evolution to a value or to a typed refusal. */
import type { HttpClientResponse } from "@effect/platform"
import { Effect, Option, Predicate, Record, Schema } from "effect"
import {
  type EvolutionError,
  EvolutionRefused,
  EvolutionUnavailable,
  InstanceExists,
  InstanceNotFound,
  KeyRefused,
  LicenseRequired
} from "../../Domain/EvolutionError.ts"
import * as Intermediary from "../../Domain/Intermediary.ts"
import { clean } from "../../Domain/Json.ts"
import { isTooDeep, tooDeep } from "../../Domain/Nesting.ts"
import type { Scrub } from "../../Domain/Scrub.ts"

export interface Answer {
  readonly status: number
  /** The parsed body; `null`: it is empty, as when websockets are off; a string: it is not JSON. */
  readonly body: unknown
  /** False: the answer is an intermediary's, as its content type says. */
  readonly isJson: boolean
  /** The words of a refusal, scrubbed and at most 500 characters. */
  readonly words: () => string
  /** Describes the answer as an intermediary's, scrubbed. */
  readonly intermediary: () => string
}

/** Reads an answer. A secret of the request that it repeats is blotted. */
export const read = (scrub: Scrub) => (response: HttpClientResponse.HttpClientResponse) =>
  Effect.map(response.text, (text): Answer => {
    const { headers, status } = response
    const parsed = parse(text)
    // Only known secrets are blotted: QR and pairing codes are wanted.
    const body = scrub.ours(text) === text ? parsed : clean(parsed, scrub.ours)
    const words = () => scrub.words(wordsOf(body).slice(0, maxRead)).slice(0, maxWords)
    const intermediary = () =>
      Intermediary.describe({
        status,
        headers: Record.map(headers, scrub.words),
        text: scrub.words(text.slice(0, maxRead))
      })
    const isJson = (headers["content-type"] ?? "").includes("json")
    return { status, body, isJson, words, intermediary }
  })

/** Text is scrubbed first and cut to `maxWords` then: half a secret would not be found. */
const maxRead = 10_000
const maxWords = 500

const parse = (text: string): unknown => {
  const parsed = text === "" ? null : Option.getOrElse(parseJson(text), () => text)
  return isTooDeep(parsed) ? tooDeep : parsed
}
const parseJson = Schema.decodeOption(Schema.parseJson())

/**
 * The decoded body, or the refusal. Only an answer in Evolution's own form says something about `name`, the
 * instance that the request is about; any other is an intermediary's.
 */
export const accept =
  <A, I>(schema: Schema.Schema<A, I>, name: string) =>
  (answer: Answer): Effect.Effect<A, EvolutionError> => {
    const refusal = refusalOf(answer, name)
    if (refusal !== undefined) return Effect.fail(refusal)
    return Schema.decodeUnknown(schema)(answer.body).pipe(
      // The parse error is not quoted: it shows the body, with its tokens.
      Effect.mapError(() =>
        unavailable("Evolution answered something we cannot read", answer.status)
      )
    )
  }

/**
 * True if the socket's endpoint gave the answer, to a question that names no transport: Engine.IO's
 * `{"code":0,"message":"Transport unknown"}`, or Evolution's own error where it has no socket.
 */
export const isOfSocket = ({ body, status }: Answer): boolean =>
  (status === 400 && Predicate.isRecord(body) && typeof body.code === "number") ||
  Intermediary.isWithoutLicense(status, body) ||
  Intermediary.ownError(status, body) !== undefined

const isDone = ({ status }: Answer): boolean => status === 200 || status === 201

/** True if Evolution gave the answer, and not an intermediary. */
export const isOwn = (answer: Answer): boolean => {
  const { body, isJson } = answer
  // Evolution's answer without websockets is empty, and of the type JSON all the same.
  return isDone(answer) ? typeof body !== "string" && (body !== null || isJson) : isOfSocket(answer)
}

const refusalOf = (answer: Answer, name: string): EvolutionError | undefined => {
  const { body, status } = answer
  if (isDone(answer)) {
    if (!isOwn(answer)) return foreign(answer)
    // `connect` and `restart` answer 200 with `error: true` when they fail.
    return Predicate.hasProperty(body, "error") && body.error === true
      ? new EvolutionRefused({ message: `Evolution could not do it: ${answer.words()}`, status })
      : undefined
  }
  if (Intermediary.isWithoutLicense(status, body))
    return new LicenseRequired({ message: `Evolution is not activated: ${answer.words()}` })
  const own = Intermediary.ownError(status, body)
  return own === undefined ? foreign(answer) : ownRefusal(answer, own, name)
}

const ownRefusal = (
  answer: Answer,
  own: Intermediary.OwnError,
  name: string
): EvolutionError | undefined => {
  const { status } = answer
  const words = answer.words()
  const said = wordsOf(own.message)
  if (status >= 500) return unavailable(`Evolution answers HTTP ${status}: ${words}`, status)
  if (status === 401) return new KeyRefused({ message: `Evolution refused the API key: ${words}` })
  // A proxy that takes the header away.
  if (status === 403 && said.includes("global api key"))
    return new KeyRefused({ message: `Evolution received no API key: ${words}` })
  if (status === 403 && said.includes("already in use"))
    return new InstanceExists({ message: words, instance: name })
  if (status !== 404) return new EvolutionRefused({ message: words, status })
  if (Intermediary.missingRoute(own) !== undefined)
    return unavailable(`No Evolution API at this address: ${words}`, status)
  if (!/does not exist|not found/.test(said))
    return new EvolutionRefused({ message: words, status })
  return said.includes(`"${name}"`)
    ? new InstanceNotFound({ message: words, instance: name })
    : unavailable(
        `Evolution was asked for another instance: a proxy in between changes the path of the request: ${words}`,
        status
      )
}

const foreign = (answer: Answer) => unavailable(answer.intermediary(), answer.status)

const unavailable = (message: string, status: number) =>
  new EvolutionUnavailable({ message, status })

/**
 * The words of Evolution's refusal: `response.message`, `message` or `error`, a string, an array of
 * strings or an array of arrays.
 */
const wordsOf = (body: unknown): string => {
  if (typeof body === "string") return body
  if (Array.isArray(body)) return body.map(wordsOf).join("; ")
  if (!Predicate.isRecord(body)) return "no reason given"
  return wordsOf(
    (Predicate.isRecord(body.response) ? body.response.message : undefined) ??
      body.message ??
      body.error
  )
}
