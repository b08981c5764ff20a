/** The facts of a message that a broker's headers and keys have. */
import type { Shape as ShapeName } from "../../Domain/Endpoint.ts"
import * as Shape from "../Shape.ts"
import type { Outgoing } from "../Sink.ts"

export interface Facts {
  /** `null`: the message is of no server, or of no instance. */
  readonly server: string | null
  readonly instance: string | null
  readonly event: string
  readonly cursor: number | null
  /** ms since 1970 UTC; `null`: of no time but that of sending. */
  readonly at: number | null
}

export const factsOf = ({ item }: Outgoing): Facts => {
  const event = Shape.nameOf(item)
  switch (item._tag) {
    case "Event": {
      const { id, instance, receivedAt, server } = item.event
      return { server, instance, event, cursor: id, at: receivedAt }
    }
    case "Missed": {
      const { instance, server, to } = item
      return { server, instance, event, cursor: to, at: null }
    }
    case "Test":
      return { server: null, instance: null, event, cursor: null, at: item.at }
  }
}

export interface Format {
  readonly shape: ShapeName
  /** Fields of the shape `evolution` that the log does not have. Left out: the body has none of them. */
  readonly beside?: Shape.Beside
}

const nothingBeside: Shape.Beside = { sender: () => undefined, serverUrl: () => undefined }

/** `destination`: what the shape `evolution` has in the place of a webhook's address. `now`: ms since 1970 UTC. */
export const bodyOf = (
  message: Outgoing,
  { beside = nothingBeside, shape }: Format,
  destination: string,
  now: number
): Buffer => Buffer.from(Shape.bodyOf(message, { shape, url: destination, beside }, now))

export const contentType = "application/json"
