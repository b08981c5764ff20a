/** Decodes an HTTP answer of Evolution to a value or to a typed refusal. */
import type { HttpClientResponse } from "@effect/platform"
import { Effect, Option, Predicate, Schema } from "effect"
import {
  type EvolutionError,
  EvolutionRefused,
  EvolutionUnavailable,
  InstanceExists,
  InstanceNotFound,
  KeyRefused,
  LicenseRequired
} from "../../Domain/EvolutionError.ts"
import { clean } from "../../Domain/Json.ts"
import { isTooDeep, tooDeep } from "../../Domain/Nesting.ts"
import type { Scrub } from "../../Domain/Scrub.ts"

export interface Answer {
  readonly status: number
  /** The parsed body; `null`: it is empty, as when websockets are off; a string: it is not JSON. */
  readonly body: unknown
  /** The words of a refusal, scrubbed and at most 500 characters. */
  readonly words: () => string
}

/** Reads an answer. A secret of the request that it repeats is blotted. */
export const read = (scrub: Scrub) => (response: HttpClientResponse.HttpClientResponse) =>
  Effect.map(response.text, (text): Answer => {
    const parsed = parse(text)
    // Only known secrets are blotted: QR and pairing codes are wanted.
    const body = scrub.ours(text) === text ? parsed : clean(parsed, scrub.ours)
    const words = () => scrub.words(wordsOf(body).slice(0, maxRead)).slice(0, maxWords)
    return { status: response.status, body, words }
  })

/** Text is scrubbed first and cut to `maxWords` then: half a secret would not be found. */
const maxRead = 10_000
const maxWords = 500

const parse = (text: string): unknown => {
  const parsed = text === "" ? null : Option.getOrElse(parseJson(text), () => text)
  return isTooDeep(parsed) ? tooDeep : parsed
}
const parseJson = Schema.decodeOption(Schema.parseJson())

/** The decoded body, or the refusal. `name`: the instance that the request is about. */
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

const refusalOf = (answer: Answer, name: string): EvolutionError | undefined => {
  const { body, status } = answer
  const isDone = status === 200 || status === 201
  // `connect` and `restart` answer 200 with `error: true` when they fail.
  if (isDone && !(Predicate.hasProperty(body, "error") && body.error === true)) return undefined
  const words = answer.words()
  switch (status) {
    case 200:
    case 201:
      return new EvolutionRefused({ message: `Evolution could not do it: ${words}`, status })
    case 401:
      return new KeyRefused({ message: `Evolution refused the API key: ${words}` })
    case 403:
      return new InstanceExists({ message: words, instance: name })
    case 404:
      return /^Cannot [A-Z]+ /.test(words)
        ? unavailable(`No Evolution API at this address: ${words}`, status)
        : new InstanceNotFound({ message: words, instance: name })
    case 503:
      return Predicate.hasProperty(body, "code") && body.code === "LICENSE_REQUIRED"
        ? new LicenseRequired({ message: `Evolution is not activated: ${words}` })
        : unavailable(`Evolution answers HTTP ${status}: ${words}`, status)
    default:
      return status >= 400 && status < 500
        ? new EvolutionRefused({ message: words, status })
        : unavailable(`Evolution answers HTTP ${status}: ${words}`, status)
  }
}

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
