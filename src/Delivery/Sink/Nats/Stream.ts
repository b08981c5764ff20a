/** Creates the stream that an endpoint names, if there is none. */
import type { JetStreamManager } from "@nats-io/jetstream"
import { Duration, Effect, Predicate } from "effect"
import type { DeliveryFailed } from "../../Sink.ts"
import { type ClientError, clientError } from "../ClientError.ts"
import { prefixOf } from "../Route.ts"
import type { Address } from "./Address.ts"
import * as Failures from "./Failures.ts"

const nanos = (duration: Duration.DurationInput): number => Duration.toMillis(duration) * 1e6

/** The log keeps the events; the stream is on the way to a consumer, and has to end by itself. */
const maxAge = nanos("7 days")
/** Longer than the longest wait between two attempts of an endpoint by default, so an attempt again makes no copy. */
const duplicateWindow = nanos("10 minutes")

const notFound = 10059
const nameInUse = 10058

const has =
  (number: number) =>
  (error: ClientError | DeliveryFailed): error is ClientError =>
    error._tag === "ClientError" &&
    Predicate.hasProperty(error.cause, "code") &&
    error.cause.code === number

export const ensure = (
  manager: JetStreamManager,
  stream: string,
  template: string,
  address: Address
): Effect.Effect<void, DeliveryFailed> => {
  const refused = (error: ClientError | DeliveryFailed) =>
    error._tag === "DeliveryFailed"
      ? error
      : Failures.refused(error.cause, { stream, subject: "$JS.API.STREAM" }, address)

  const create = Effect.gen(function* () {
    const { isWhole, words } = prefixOf(template)
    if (words.length === 0) return yield* Failures.noPrefix(stream, template)
    const subject = isWhole ? template : [...words, ">"].join(".")
    yield* Effect.tryPromise({
      try: () =>
        manager.streams.add({
          name: stream,
          subjects: [subject],
          max_age: maxAge,
          duplicate_window: duplicateWindow
        }),
      catch: clientError
    })
  }).pipe(
    // Another process was quicker.
    Effect.catchIf(has(nameInUse), () => Effect.void)
  )

  return Effect.tryPromise({
    try: () => manager.streams.info(stream),
    catch: clientError
  }).pipe(
    Effect.asVoid,
    Effect.catchIf(has(notFound), () => create),
    Effect.mapError(refused)
  )
}
