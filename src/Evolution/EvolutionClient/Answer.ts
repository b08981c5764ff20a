/** From an HTTP answer of Evolution to a value or one of the named refusals. */
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
  /** The parsed body; `null` when it is empty (websockets are off), text when it is not JSON. */
  readonly body: unknown
  /** What Evolution says in it, when it says no. */
  readonly words: () => string
}

/** Reads an answer, with whatever is secret about the question blotted wherever it is echoed. */
export const read = (scrub: Scrub) => (response: HttpClientResponse.HttpClientResponse) =>
  Effect.map(response.text, (text): Answer => {
    const parsed = parse(text)
    // The codes that an answer may bring are wanted.
    const body = scrub.ours(text) === text ? parsed : clean(parsed, scrub.ours)
    const words = () => scrub.words(wordsOf(body).slice(0, maxRead)).slice(0, maxWords)
    return { status: response.status, body, words }
  })

/** Cut only after it was looked through: half a secret looks like none. */
const maxRead = 10_000
const maxWords = 500

const parse = (text: string): unknown => {
  const parsed = text === "" ? null : Option.getOrElse(parseJson(text), () => text)
  return isTooDeep(parsed) ? tooDeep : parsed
}
const parseJson = Schema.decodeOption(Schema.parseJson())

/** The value of an answer, or what Evolution said instead. `name`: the instance asked about. */
export const accept =
  <A, I>(schema: Schema.Schema<A, I>, name: string) =>
  (answer: Answer): Effect.Effect<A, EvolutionError> => {
    const refusal = refusalOf(answer, name)
    if (refusal !== undefined) return Effect.fail(refusal)
    return Schema.decodeUnknown(schema)(answer.body).pipe(
      // The issue is not quoted: it would show the body, tokens included.
      Effect.mapError(() =>
        unavailable("Evolution answered something we cannot read", answer.status)
      )
    )
  }

const refusalOf = (answer: Answer, name: string): EvolutionError | undefined => {
  const { body, status } = answer
  const isDone = status === 200 || status === 201
  // `connect` and `restart` answer 200 when they fail.
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
 * Evolution's own words. They stand in `response.message`, `message` or `error`, as a string, an
 * array of strings or an array of arrays.
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
