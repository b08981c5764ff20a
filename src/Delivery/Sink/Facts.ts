/** The facts of a message that a broker's headers and keys have. */
import type { Outgoing } from "../Sink.ts"

export interface Facts {
  /** `null`: the message is of no server, or of no instance. */
  readonly server: string | null
  readonly instance: string | null
  /** The event's name; `endpoint.missed` and `webhook.test` for messages that are no event. */
  readonly event: string
  readonly cursor: number | null
  /** ms since 1970 UTC; `null`: of no time but that of sending. */
  readonly at: number | null
}

export const factsOf = ({ item }: Outgoing): Facts => {
  switch (item._tag) {
    case "Event": {
      const { event, id, instance, receivedAt, server } = item.event
      return { server, instance, event, cursor: id, at: receivedAt }
    }
    case "Missed": {
      const { instance, server, to } = item
      return { server, instance, event: "endpoint.missed", cursor: to, at: null }
    }
    case "Test":
      return { server: null, instance: null, event: "webhook.test", cursor: null, at: item.at }
  }
}

/** The body of a message, as an endpoint's shape has it. */
export type Render = (message: Outgoing) => {
  readonly contentType: string
  readonly body: string | Buffer
}

export const bytesOf = (body: string | Buffer): Buffer =>
  typeof body === "string" ? Buffer.from(body) : body
