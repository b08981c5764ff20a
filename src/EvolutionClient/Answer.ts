/** From an HTTP answer of Evolution to a value or one of the named refusals. */
import type { HttpClientResponse } from "@effect/platform"
import { Effect, Option, Predicate, Redacted, Schema } from "effect"
import {
  type EvolutionError,
  EvolutionRefused,
  EvolutionUnavailable,
  InstanceExists,
  InstanceNotFound,
  KeyRefused,
  LicenseRequired
} from "../Domain/EvolutionError.ts"

export interface Answer {
  readonly status: number
  /** The parsed body; `null` when it is empty (websockets are off), text when it is not JSON. */
  readonly body: unknown
}

/** Reads an answer, with whatever is secret about the question blotted out wherever it is echoed. */
export const read =
  (secrets: ReadonlyArray<Redacted.Redacted>) =>
  (response: HttpClientResponse.HttpClientResponse) =>
    Effect.map(response.text, (text): Answer => {
      const blotted = secrets.reduce(
        (rest, secret) => rest.replaceAll(Redacted.value(secret), "[redacted]"),
        text
      )
      return { status: response.status, body: parse(blotted) }
    })

const parse = (text: string): unknown =>
  text === "" ? null : Option.getOrElse(parseJson(text), () => text)
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

const refusalOf = ({ body, status }: Answer, name: string): EvolutionError | undefined => {
  const words = wordsOf(body)
  switch (status) {
    case 200:
    case 201:
      // `connect` and `restart` answer 200 when they fail.
      return Predicate.hasProperty(body, "error") && body.error === true
        ? new EvolutionRefused({ message: `Evolution could not do it: ${words}`, status })
        : undefined
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
  if (typeof body === "string") return body.slice(0, 200)
  if (Array.isArray(body)) return body.map(wordsOf).join("; ").slice(0, 500)
  if (!Predicate.isRecord(body)) return "no reason given"
  return wordsOf(
    (Predicate.isRecord(body.response) ? body.response.message : undefined) ??
      body.message ??
      body.error
  )
}
