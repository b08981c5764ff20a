/** Bodies of messages, as JSON text: Standard Webhooks' `type`, `timestamp` and `data`, or Evolution's own. */
import type { Shape } from "../Domain/Endpoint.ts"
import { jsonOf } from "../Domain/Event.ts"
import { dataOf } from "./Shape/Data.ts"
import { type Beside, bodyOf as evolutionsBody, nameOf } from "./Shape/Evolution.ts"
import type { Outgoing } from "./Sink.ts"

export { type Beside, nameOf, pathOf } from "./Shape/Evolution.ts"

export interface Options {
  readonly shape: Shape
  /** The address of the endpoint. */
  readonly url: string
  readonly beside: Beside
}

/** `now`: ms since 1970 UTC. */
export const bodyOf = ({ item, previous }: Outgoing, options: Options, now: number): string =>
  options.shape === "evolution"
    ? evolutionsBody(item, options.url, options.beside, now)
    : standardBody(item, previous, options.shape, now)

const standardBody = (
  item: Outgoing["item"],
  previous: number | null,
  shape: "full" | "thin",
  now: number
): string => {
  switch (item._tag) {
    case "Event": {
      const { event } = item
      const data =
        shape === "full"
          ? `${jsonOf(event, dataOf(event)).slice(0, -1)},"previous":${previous}}`
          : `{"id":${event.id},"server":"${event.server}","instance":${JSON.stringify(event.instance)},` +
            `"event":${JSON.stringify(event.event)},"previous":${previous}}`
      return enveloped(nameOf(item), event.receivedAt, data)
    }
    case "Missed": {
      const { from, instance, server, to } = item
      const data = JSON.stringify({ server, instance, from, to, recovered: false })
      return enveloped(nameOf(item), now, data)
    }
    case "Test":
      return enveloped(nameOf(item), item.at, "{}")
  }
}

const enveloped = (type: string, millis: number, data: string): string =>
  `{"type":${JSON.stringify(type)},"timestamp":"${new Date(millis).toISOString()}","data":${data}}`
