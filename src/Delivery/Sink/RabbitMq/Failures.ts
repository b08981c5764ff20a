/** The words for what a RabbitMQ server, or the way to it, refuses. None has the client's own words, which may hold an address. */
import { Predicate } from "effect"
import { codeOf } from "../../../Domain/ErrorDetail.ts"
import { DeliveryFailed } from "../../Sink.ts"
import type { Address } from "./Address.ts"

/** The reply code of a channel or connection that the server closed (https://www.rabbitmq.com/amqp-0-9-1-reference#constants). */
export const replyCodeOf = (error: unknown): number | undefined =>
  Predicate.hasProperty(error, "code") && typeof error.code === "number" ? error.code : undefined

const textOf = (error: unknown): string => (error instanceof Error ? error.message : "")

/** The argument of a declaration that differs from that of what exists. */
export const differing = (error: unknown): string | undefined =>
  /inequivalent arg '([\w-]{1,100})'/.exec(textOf(error))?.[1]

/** The bound of the server that a message exceeds, with the size that it measured. */
export const tooLarge = (
  error: unknown
): { readonly size: number; readonly limit: number } | undefined => {
  const [, size, limit] = /message size (\d+)\D+(\d+)/.exec(textOf(error)) ?? []
  return size === undefined || limit === undefined
    ? undefined
    : { size: Number(size), limit: Number(limit) }
}

const cannot = (
  kind: DeliveryFailed["kind"],
  message: string,
  { place }: { readonly place?: string } = {}
) =>
  new DeliveryFailed({
    kind,
    message: `Cannot deliver to RabbitMQ: ${message}`,
    ...(place === undefined ? {} : { address: place })
  })

export const noAddress = (variable: string) =>
  cannot("ours", `${variable} has no address such as amqp://user:password@host:5672/vhost`)

export const notInstalled = () => cannot("ours", 'the package "amqplib" is not installed')

/** The connection could not be made. */
export const unopened = (error: unknown, variable: string, { place, username, vhost }: Address) => {
  const text = textOf(error)
  if (/\b403\b|ACCESS.REFUSED/.test(text))
    return cannot("ours", `it refused the user or the password of ${variable}`, { place })
  // The client names the frame that it did not expect, and not what the frame says.
  if (/ConnectionOpenOk|\b530\b/.test(text))
    return cannot(
      "ours",
      `there is no virtual host "${vhost}", or the user "${username}" may not use it`,
      { place }
    )
  const code = codeOf(error)
  return cannot(
    "unreachable",
    `no connection to ${place}${code === undefined ? "" : ` (${code})`}`,
    { place }
  )
}

export const unanswered = (seconds: number, { place }: Address) =>
  cannot("unreachable", `${place} did not answer within ${seconds} s`, { place })

/** A declaration of `thing` was refused. */
export const undeclared = (
  thing: string,
  error: unknown,
  { place, username }: Address
): DeliveryFailed => {
  switch (replyCodeOf(error)) {
    case 403:
      return cannot(
        "ours",
        `the user "${username}" may not declare ${thing}. Grant the right, or have somebody else declare it`,
        { place }
      )
    case 404:
      return cannot("ours", `there is no ${thing}`, { place })
    case 405:
      return cannot("ours", `${thing} belongs to one connection alone (exclusive)`, { place })
    case 406:
      return cannot(
        "ours",
        `${thing} exists with another "${differing(error) ?? "argument"}". Change the endpoint, or delete it at RabbitMQ`,
        { place }
      )
    default:
      return closed(error, { place })
  }
}

/** The channel or the connection ended before the confirm. */
export const closed = (
  error: unknown,
  { place }: Pick<Address, "place">,
  username?: string
): DeliveryFailed => {
  switch (replyCodeOf(error)) {
    case 403:
      return cannot("ours", `the user "${username ?? ""}" may not write to the exchange`, { place })
    case 404:
      return cannot("unreachable", "the exchange was deleted. The next attempt declares it", {
        place
      })
    default:
      return cannot("unreachable", "the connection ended before the message was confirmed", {
        place
      })
  }
}

export const exceeds = (size: number, limit: number, { place }: Address) =>
  cannot(
    "answered",
    `the message has ${size} bytes, and the server takes ${limit} (max_message_size)`,
    { place }
  )

export const unroutable = (exchange: string, key: string, isTest: boolean, { place }: Address) =>
  cannot(
    "answered",
    isTest
      ? `the server took the message, but no queue is bound to the exchange "${exchange}" for "${key}", which is the key of a test`
      : `no queue is bound to the exchange "${exchange}" for the key "${key}". Bind one, or name a queue in the endpoint`,
    { place }
  )

export const refused = ({ place }: Address) =>
  cannot(
    "busy",
    "the server refused the message (nack). Its queue may be full and reject what comes (reject-publish)",
    { place }
  )

export const blocked = ({ place }: Address) =>
  cannot("busy", "the server blocks publishers, as it is low on memory or disk", { place })

export const unconfirmed = (seconds: number, { place }: Address) =>
  cannot("unreachable", `the server did not confirm the message within ${seconds} s`, { place })

export const unsendable = (what: string) => cannot("ours", what)
