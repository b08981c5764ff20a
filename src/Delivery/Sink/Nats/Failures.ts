/** The words for what a NATS server, or the way to it, refuses. None has the client's own words. */
import { Predicate } from "effect"
import { codeOf } from "../../../Domain/ErrorDetail.ts"
import { DeliveryFailed } from "../../Sink.ts"
import type { Address } from "./Address.ts"

const cannot = (kind: DeliveryFailed["kind"], message: string, place?: string) =>
  new DeliveryFailed({
    kind,
    message: `Cannot deliver to NATS: ${message}`,
    ...(place === undefined ? {} : { address: place })
  })

/** The names of an error and its causes: classes of the client are compared by name, as they may not be loaded here. */
const namesOf = (error: unknown): ReadonlyArray<string> =>
  error instanceof Error ? [error.name, ...namesOf(error.cause)] : []

/** The number of JetStream's error (https://github.com/nats-io/nats-server/blob/main/server/errors.json). */
const numberOf = (error: unknown): number | undefined =>
  Predicate.hasProperty(error, "code") && typeof error.code === "number" ? error.code : undefined

const textOf = (error: unknown): string => (error instanceof Error ? error.message : "")

export const noAddress = (variable: string) =>
  cannot("ours", `${variable} has no address such as nats://user:password@host:4222`)

export const notInstalled = () =>
  cannot(
    "ours",
    'the packages "@nats-io/transport-node" and "@nats-io/jetstream" are not installed'
  )

/** The connection could not be made. */
export const unopened = (error: unknown, variable: string, { place }: Address) => {
  if (namesOf(error).some((name) => /Authorization|Authentication/.test(name)))
    return cannot("ours", `it refused the user, the password or the token of ${variable}`, place)
  const code = codeOf(error)
  return cannot(
    "unreachable",
    `no connection to ${place}${code === undefined ? "" : ` (${code})`}`,
    place
  )
}

export const unanswered = (seconds: number, { place }: Address) =>
  cannot("unreachable", `${place} did not answer within ${seconds} s`, place)

export const unacknowledged = (seconds: number, subject: string, { place }: Address) =>
  cannot(
    "unreachable",
    `no acknowledgement within ${seconds} s. It may be that no stream takes the subject "${subject}", and a subscriber does`,
    place
  )

export const notASubject = (template: string) =>
  cannot(
    "ours",
    `"${template}" makes no subject to publish to: it has spaces, wildcards or an empty word`
  )

export const subjectTooLong = (bytes: number, longest: number) =>
  cannot("ours", `the subject has ${bytes} bytes, and the service sends ${longest} at most`)

export const noPrefix = (stream: string, template: string) =>
  cannot(
    "ours",
    `there is no stream "${stream}", and it cannot be created for "${template}", which begins with a name: create it, or begin the subject with a word`
  )

export const notAcknowledged = (subject: string, { place }: Pick<Address, "place">) =>
  cannot(
    "answered",
    `something else than a stream answered to the subject "${subject}". Choose a subject that no subscriber answers to`,
    place
  )

export const noStream = (subject: string, { place }: Address) =>
  cannot(
    "answered",
    `no stream takes the subject "${subject}", or JetStream is off. Create a stream, or name one in the endpoint`,
    place
  )

export const exceeds = (size: number, limit: number, { place }: Address) =>
  cannot(
    "answered",
    `the message has ${size} bytes with its headers, and the server takes ${limit} (max_payload)`,
    place
  )

/** The error numbers of JetStream that a publisher gets. */
const ofJetStream = (error: unknown, stream: string, place: string): DeliveryFailed | undefined => {
  switch (numberOf(error)) {
    case 10054:
      return cannot("answered", `the stream takes no message of this size (max_msg_size)`, place)
    case 10077:
      return /maximum \w+( per subject)? exceeded/.test(textOf(error))
        ? cannot("busy", "the stream is full, and discards what is new (discard: new)", place)
        : cannot("busy", "the stream cannot store the message", place)
    case 10023:
    case 10047:
      return cannot("busy", "JetStream is out of memory or disk", place)
    case 10008:
    case 10009:
      return cannot("busy", "JetStream's cluster has no leader at the moment", place)
    case 10109:
      return cannot("ours", "the stream is sealed: it takes no message", place)
    case 10060:
      return cannot("ours", `another stream than "${stream}" takes the subject`, place)
    case 10039:
    case 10076:
      return cannot("ours", "JetStream is off, or off for this account", place)
    case 10065:
      return cannot(
        "ours",
        `the stream "${stream}" cannot be created: another one has some of its subjects`,
        place
      )
    default:
      return undefined
  }
}

/** The server refused a message, or an answer did not come. */
export const refused = (
  error: unknown,
  { stream, subject }: { readonly stream: string; readonly subject: string },
  { place }: Address
): DeliveryFailed => {
  const known = ofJetStream(error, stream, place)
  if (known !== undefined) return known
  const names = namesOf(error)
  if (names.includes("PermissionViolationError"))
    return cannot(
      "ours",
      `the user may not publish to "${subject}", or not subscribe to its inbox (_INBOX.>)`,
      place
    )
  if (names.includes("JetStreamApiError"))
    return cannot("answered", `JetStream refused it (error ${numberOf(error) ?? "unknown"})`, place)
  // The answer is no JSON.
  if (names.includes("SyntaxError")) return notAcknowledged(subject, { place })
  return cannot("unreachable", "the connection ended before the message was acknowledged", place)
}

export const isNoResponders = (error: unknown): boolean =>
  namesOf(error).some((name) => name === "NoResponders" || name === "NoRespondersError")

export const isTooLarge = (error: unknown): boolean =>
  error instanceof Error &&
  error.name === "InvalidArgumentError" &&
  /max_payload/.test(error.message)
