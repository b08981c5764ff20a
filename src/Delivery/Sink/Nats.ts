/**
 * Publishes to NATS JetStream. A message is delivered when its stream has acknowledged it. One that was published and not
 * acknowledged is published again with the same `Nats-Msg-Id`: the stream keeps one, within its `duplicate_window`.
 */
import { Clock, Effect, Option, Redacted, type Scope } from "effect"
import type { Nats } from "../../Domain/Endpoint.ts"
import type { DeliveryFailed, Outgoing, Sink } from "../Sink.ts"
import * as Connections from "./Connections.ts"
import { bodyOf, contentType, type Format, factsOf } from "./Facts.ts"
import * as Address from "./Nats/Address.ts"
import * as Connection from "./Nats/Connection.ts"
import * as Failures from "./Nats/Failures.ts"
import { keyOf, wordOf } from "./Route.ts"

export interface Options extends Format {
  readonly target: typeof Nats.Type
  /** The value of the variable that `target.url` names. */
  readonly url: Redacted.Redacted
  /** The endpoint's name, for the server's list of connections. */
  readonly name?: string
  /** Seconds for one message; 15 if absent. */
  readonly timeout?: number
}

export const defaultSubject = "evolution.{server}.{instance}.{event}"

/** The server takes 4096 bytes for the line that has the subject (max_control_line), and closes the connection over more. */
const longestWord = 512
const longestSubject = 2048

const isSubject = (subject: string): boolean =>
  !/[\s*>]/.test(subject) && subject.split(".").every((word) => word !== "")

export const make = ({
  name,
  target,
  timeout = 15,
  url,
  ...format
}: Options): Effect.Effect<Sink, never, Scope.Scope> =>
  Effect.gen(function* () {
    const parsed = Address.parse(Redacted.value(url))
    if (Option.isNone(parsed)) return unusable(Failures.noAddress(target.url.env))
    const address = parsed.value
    const template = target.subject ?? defaultSubject

    const connections = yield* Connections.make((retire) =>
      Connection.open({
        target,
        template,
        address,
        timeout,
        retire,
        name: name === undefined ? "evolution-listener" : `evolution-listener: ${name}`
      })
    )

    const messageOf = (outgoing: Outgoing) =>
      Effect.gen(function* () {
        const facts = factsOf(outgoing)
        const subject = keyOf(template, facts, longestWord)
        if (!isSubject(subject)) return yield* Failures.notASubject(template)
        const bytes = Buffer.byteLength(subject)
        if (bytes > longestSubject) return yield* Failures.subjectTooLong(bytes, longestSubject)
        const now = yield* Clock.currentTimeMillis
        const { at, cursor, event, instance, server } = facts
        return {
          id: outgoing.id,
          subject,
          body: bodyOf(outgoing, format, template, now),
          headers: {
            "Content-Type": contentType,
            // A header is one line of text.
            Event: wordsOf(event),
            ...(server === null ? {} : { Server: server }),
            ...(instance === null ? {} : { Instance: wordOf(instance, Number.POSITIVE_INFINITY) }),
            ...(cursor === null ? {} : { Cursor: `${cursor}` }),
            ...(outgoing.previous === null ? {} : { Previous: `${outgoing.previous}` }),
            Attempt: `${outgoing.attempt}`,
            Replay: `${outgoing.isReplay}`,
            Timestamp: new Date(at ?? now).toISOString()
          }
        }
      })

    const send: Sink["send"] = (outgoing) =>
      Effect.flatMap(messageOf(outgoing), (message) => {
        let late = () => Failures.unanswered(timeout, address)
        return connections
          .use((connection, retire) => {
            late = () => {
              retire()
              return Failures.unacknowledged(timeout, message.subject, address)
            }
            return connection.publish(message)
          })
          .pipe(
            Effect.timeoutFail({ duration: `${timeout} seconds`, onTimeout: () => late() }),
            Effect.as({})
          )
      })
    return { send }
  })

const unusable = (failure: DeliveryFailed): Sink => ({ send: () => failure })

const wordsOf = (event: string): string =>
  event
    .split(".")
    .map((word) => wordOf(word, Number.POSITIVE_INFINITY))
    .join(".")
